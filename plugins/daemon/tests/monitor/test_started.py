"""What a process of the daemon is started with."""

import subprocess
import sys

import pytest
from opensvc_daemon.started import Started

from opensvc_core.api import UsageError


def test_folder_and_name_may_be_given():
    assert Started.read([]) == (None, None)
    assert Started.read(["--node", "n1", "--root", "/srv/x"]) == ("/srv/x", "n1")


@pytest.mark.parametrize("words", [["--node"], ["n1"], ["--name", "n1"]], ids=" ".join)
def test_what_is_no_option_is_refused(words):
    with pytest.raises(UsageError, match=r"\[--root DIR\]"):
        Started.read(words)


@pytest.mark.parametrize("part", ["beat", "monitor"])
def test_a_process_that_is_started_wrongly_says_so_in_a_line(part):
    argv = [sys.executable, "-m", f"opensvc_daemon.{part}", "--name", "n1"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--node NAME" in done.stderr
