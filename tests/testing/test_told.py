"""What tests tell stands at the end of the run, also where they ran in other processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TESTS = """
def test_a_figure(told):
    told("0.25 s")

def test_a_seed(told):
    told("seed 7")
    assert False
"""


@pytest.mark.timeout(130)
def test_what_is_told_in_another_process_is_shown_whatever_becomes_of_the_test(tmp_path):
    (tmp_path / "test_two.py").write_text(TESTS, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "-n", "1", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    shown = done.stdout.partition("told by tests")[2]
    assert "test_two.py::test_a_figure: 0.25 s\n" in shown, done
    assert "test_two.py::test_a_seed: seed 7\n" in shown
