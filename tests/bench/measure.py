"""Measures: how long commands and calls take, the compared ones in turn; and the figures that come of it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

RUNS: Final = 21
BIN: Final = Path(sys.executable).parent
BARE: Final = (sys.executable, "-c", "pass")
# How many of a unit a second is.
_OF_A_SECOND: Final = {"s": 1.0, "ms": 1e3}


class Figure(NamedTuple):
    """What was measured, in `unit`s, what it is compared with, and what was promised (None: nothing was)."""

    title: str
    unit: str
    median: float
    least: float
    most: float
    beside: str = ""
    limit: float | None = None
    # what has the limit, where it is not the median: a ratio, for one
    judged: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether it breaks a promise."""
        return self.limit is not None and (self.median if self.judged is None else self.judged) > self.limit

    @property
    def promised(self) -> str:
        """The limit in words, empty where there is none."""
        if self.limit is None:
            return ""
        return f"ratio {self.limit:g}" if self.judged is not None else f"{self.limit:g} {self.unit}".strip()


def tell(
    title: str, samples: Sequence[float], unit: str, *, beside: str = "", limit: float | None = None, judged: float | None = None
) -> None:
    """Print a figure as a line of JSON: it may come from another process, on another node. Times are in seconds, `limit` is in `unit`s."""
    scaled = [one * _OF_A_SECOND.get(unit, 1.0) for one in samples]
    print(json.dumps(Figure(title, unit, statistics.median(scaled), min(scaled), max(scaled), beside, limit, judged)), flush=True)


def told_missing(title: str, reason: str) -> None:
    """Print that something was not measured here, and why."""
    print(json.dumps([title, reason]), flush=True)


def compare(environment: Mapping[str, str], *commands: Sequence[str], runs: int = RUNS) -> list[list[float]]:
    """The seconds of each command's runs; they are run in turn, so that all of them see the same machine."""
    turns = [[seconds_of(command, environment) for command in commands] for _ in range(runs)]
    return [list(taken) for taken in zip(*turns, strict=True)]


def beyond(taken: Sequence[float], beside: Sequence[float]) -> list[float]:
    """What each run took more than the one beside it."""
    return [one - other for one, other in zip(taken, beside, strict=True)]


def above_bare(title: str, environment: Mapping[str, str], command: Sequence[str], limit: float | None, *, runs: int = RUNS) -> None:
    """Print what a command takes more than the bare interpreter; the limit in milliseconds."""
    taken, bare = compare(environment, command, BARE, runs=runs)
    tell(title, beyond(taken, bare), "ms", beside=f"above python -c pass, {shown(bare)}", limit=limit)


def seconds_of(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """The seconds of one run of a command, which has to succeed."""
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def timed(work: Callable[[], object], *, runs: int) -> list[float]:
    """The seconds of each of some calls."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return taken


def shown(samples: Sequence[float]) -> str:
    """The median of some seconds, in words."""
    return f"{rounded(statistics.median(samples) * 1e3)} ms"


def rounded(number: float) -> str:
    """Three digits that count, as anybody would write them."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"
