"""Measures: how long commands and calls take, the compared ones in turn, the line that tells it, and what is over its limit."""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

RUNS = 21
BIN = Path(sys.executable).parent
BARE = (sys.executable, "-c", "pass")
OVER = "  <== OVER THE LIMIT"


def compare(environment: Mapping[str, str], *commands: Sequence[str]) -> list[float]:
    """The median seconds of each command, run in turn."""
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(RUNS):
        for command, times in zip(commands, taken, strict=True):
            times.append(seconds_of(command, environment))
    return [statistics.median(times) for times in taken]


def seconds_of(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """The seconds of one run of a command, which has to succeed."""
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def timed(work: Callable[[], object], *, runs: int) -> float:
    """The median seconds of a call."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def report(title: str, seconds: float, beside: str, limit: float) -> None:
    """A line of the result."""
    tell(f"{title:62} {seconds * 1e3:8.1f} ms  {beside}; limit {limit * 1e3:.0f} ms", is_over=seconds > limit)


def tell(line: str, *, is_over: bool) -> None:
    """A line of the result in a form of its own."""
    print(f"{line}{OVER if is_over else ''}", flush=True)


class Result(io.TextIOBase):
    """An output that is passed on, and remembered as far as it is over its limit: figures come from other processes as well."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self.over = stream, list[str]()

    def write(self, text: str) -> int:
        """Pass it on."""
        self.over += [line for line in text.splitlines() if line.endswith(OVER)]
        return self._stream.write(text)

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()
