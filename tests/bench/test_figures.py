"""The figures of a measurement: one over its limit is marked, and decides the exit code."""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[2]
# In a process of its own, as `make bench` is; the line of another process is passed on like any other.
FIGURES = """
import subprocess, sys
from tests.bench.measure import report, tell
from tests.bench.run import main
def figures():
    report("quick", 0.010, "beside", 0.020)
    tell("kept", is_over=False)
    {more}
sys.exit(main(figures))
"""
ELSEWHERE = """print(subprocess.run([sys.executable, "-c", "from tests.bench.measure import tell; tell('far', is_over=True)"],
        stdout=subprocess.PIPE, text=True).stdout, end="")"""


def figures(more: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", FIGURES.format(more=more)], cwd=TOP, stdout=subprocess.PIPE, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_figures_within_their_limits_are_a_success() -> None:
    code, lines = figures("")
    assert (code, len(lines)) == (0, 2)
    assert not any("OVER" in line for line in lines)


def test_a_figure_over_its_limit_is_marked_and_the_others_are_told() -> None:
    code, lines = figures(f'report("slow", 0.021, "beside", 0.020); {ELSEWHERE}; tell("last", is_over=False)')
    assert code == 1
    assert [line.endswith("<== OVER THE LIMIT") for line in lines] == [False, False, True, True, False, False]
    assert lines[-1] == "over their limit: 2 figures, which are marked"
