"""The page of results: a table for each part, and the machine that they are of."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.measure import Figure, rounded

OVER: Final = "<== OVER THE LIMIT"
_HEAD: Final = """# Benchmarks

What `make bench` measured in one run, and wrote here. A figure is the median of its runs, with the least and the most; what it is
compared with took its runs in turn with it. What follows from the figures is told in [Speed](../explanation/speed.md).

The machine: {machine}.
"""


class Missing(NamedTuple):
    """What was not measured here, and why."""

    title: str
    reason: str


def line(figure: Figure) -> str:
    """A figure for a terminal."""
    spread = f" ({rounded(figure.least)} to {rounded(figure.most)})" if figure.least < figure.most else ""
    promised = f"limit {figure.promised}" if figure.promised else ""
    words = "; ".join(one for one in (figure.beside, promised) if one)
    return f"{figure.title:62} {rounded(figure.median):>7} {figure.unit:3}{spread}  {words} {OVER if figure.is_over else ''}".rstrip()


def page(parts: Mapping[str, Sequence[Figure | Missing]]) -> str:
    """The page."""
    return "\n".join([_HEAD.format(machine=machine()), *(_table(part, rows) for part, rows in parts.items())])


def _table(part: str, rows: Sequence[Figure | Missing]) -> str:
    lines = [f"## {part}\n", "| what | median | least | most | beside | limit |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [_row(row) for row in rows if isinstance(row, Figure)]
    lines += [f"\nNot measured: {row.title}: {row.reason}." for row in rows if isinstance(row, Missing)]
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> str:
    spread = (figure.least, figure.most) if figure.least < figure.most else ()
    numbers = [f"{rounded(one)} {figure.unit}".strip() for one in (figure.median, *spread)] + [""] * (2 - len(spread))
    promised = f"{figure.promised}{', **over it**' if figure.is_over else ''}"
    cells = [figure.title, *numbers, figure.beside, promised]
    return "| " + " | ".join(one.replace("|", "\\|") for one in cells) + " |"


def machine() -> str:
    """In words, as far as it decides how fast things are."""
    model = _field("/proc/cpuinfo", "model name") or platform.machine()
    memory = int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20
    load = os.getloadavg()[2]
    return (
        f"{os.cpu_count()} processors ({model}), {memory:.0f} GiB of memory, {platform.system()} {platform.release()},"
        f" Python {sys.version.split()[0]}; {date.today().isoformat()}, with a load of {load:.1f} in the quarter of an hour before the end"
    )


def _field(path: str, name: str) -> str:
    """What stands behind a name and a colon in a file of /proc; empty where nothing does."""
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = text.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
