"""The figures of a measurement: told to people and written to a page; one over its limit is marked, and decides the exit code."""

import subprocess
import sys
from pathlib import Path

from tests.bench.page import machine

TOP = Path(__file__).parents[2]
# In a process of its own, as `make bench` is; the line of another process is passed on like any other.
FIGURES = """
import subprocess, sys
from pathlib import Path
from tests.bench.measure import tell, told_missing
from tests.bench.run import main
ELSEWHERE = "from tests.bench.measure import tell; tell('far', [0.004, 0.001, 0.002], 'ms')"
def figures(folder):
    assert folder.is_dir()
    tell("quick", [0.010, 0.030, 0.005], "ms", beside="beside", limit=20)
    print(subprocess.run([sys.executable, "-c", ELSEWHERE], stdout=subprocess.PIPE, text=True).stdout, end="", flush=True)
    told_missing("what this machine lacks", "needs root")
    {more}
sys.exit(main({{"Part": figures}}, Path(sys.argv[1])))
"""


def figures(page: Path, more: str = "") -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", FIGURES.format(more=more), page], cwd=TOP, stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_figures_within_their_limits_are_a_success(tmp_path: Path) -> None:
    code, lines = figures(tmp_path / "page.md")
    assert code == 0
    assert lines == [
        "",
        "Part",
        f"{'quick':62}      10 ms  (5 to 30)  beside; limit 20 ms",
        f"{'far':62}       2 ms  (1 to 4)",
        "what this machine lacks: not measured: needs root",
    ]


def test_the_page_has_the_median_the_spread_and_the_machine(tmp_path: Path) -> None:
    figures(tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert "## Part\n" in page
    assert "| quick | 10 ms | 5 ms | 30 ms | beside | 20 ms |\n| far | 2 ms | 1 ms | 4 ms |  |  |\n" in page
    assert "\nNot measured: what this machine lacks: needs root.\n" in page
    assert machine().partition(";")[0] in page


def test_a_figure_over_its_limit_is_marked_and_the_others_are_told(tmp_path: Path) -> None:
    more = "tell('slow', [0.021], 'ms', limit=20); tell('ratio', [3.0], 's', limit=1.5, judged=1.6); tell('last', [1], '')"
    code, lines = figures(tmp_path / "page.md", more)
    assert code == 1
    assert [line.endswith("<== OVER THE LIMIT") for line in lines[-4:]] == [True, True, False, False]
    assert lines[-1] == "over their limit: 2 figures, which are marked"
    assert (tmp_path / "page.md").read_text().count("**over it**") == 2


def test_a_part_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.bench.run", "spee"]
    done = subprocess.run(line, cwd=TOP, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "no part begins with 'spee'; there are: Commands; Growth" in done.stderr
