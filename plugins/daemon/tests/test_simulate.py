"""`om simulate` as a person calls it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
SERVICE = "[DEFAULT]\nnodes = n1 n2\norchestrate = ha\nguard = lease\n\n[fs#data]\ntype = flag\n"


@pytest.fixture
def om(tmp_path):
    """Runs a command line below a folder of its own, beside a service's file."""
    (tmp_path / "svc1.conf").write_text(SERVICE)

    def run(line):
        environment = {**os.environ, "OSVC_ROOT_PATH": str(tmp_path / "root"), "OSVC_NODENAME": "n1"}
        words = [BIN / "om", *line.split()]
        return subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_it_tells_what_happens_and_why(om):
    done = om("simulate svc1.conf --seed 3 --faults crash")
    assert (done.returncode, done.stderr) == (0, "")
    assert "svc1: start, because" in done.stdout


def test_nothing_on_the_node_is_touched(om, tmp_path):
    om("simulate svc1.conf --seeds 2")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["svc1.conf"]


def test_its_help_names_its_options(om):
    text = om("simulate --help").stdout
    assert "--seed NUMBER" in text
    assert "CONFIG" in text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("simulate none.conf", "none.conf: no service file is there"),
        ("simulate svc1.conf --faults quake", "'quake' is no kind of fault; known: crash"),
        ("simulate svc1.conf --seed soon", "it has to be a whole number, such as 7"),
    ],
    ids=["absent", "fault", "seed"],
)
def test_a_wrong_word_is_told_in_one_line(om, line, told):
    done = om(line)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
