"""Times in which a service was alive on its nodes, as its witnesses wrote them down."""

from __future__ import annotations

import time
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

from cluster.witness import PAIR

# Seconds: a witness that is paused for longer was with its whole node, and did nothing meanwhile.
PAUSE = 1.0
# Seconds since the last sign: a witness is alive that gave one.
ALIVE = 0.2


class Interval(NamedTuple):
    """A time on a node, in seconds of CLOCK_MONOTONIC."""

    node: str
    begin: float
    end: float


class Sign(NamedTuple):
    """The latest sign of life of a witness: its node, its file, the moment in seconds of CLOCK_MONOTONIC."""

    node: str
    file: Path
    end: float


def signs(folder: Path, service: str) -> list[Sign]:
    """The latest one of each witness that a service ever had."""
    files = [(file, read(file)) for file in folder.glob(f"{service}.*.*.*")]
    return [Sign(pairs[-1].node, file, pairs[-1].end) for file, pairs in files if pairs]


def intervals(folder: Path, service: str, *, pause: float = PAUSE) -> list[Interval]:
    """All times in which a service was alive, in order; pauses up to `pause` seconds count as life."""
    found: list[Interval] = []
    for file in folder.glob(f"{service}.*.*.*"):
        found += _joined(read(file), pause)
    return sorted(found, key=lambda one: one.begin)


def read(file: Path) -> list[Interval]:
    """What a witness has written."""
    node, _, _ = file.name.split(".")[-3:]
    data = file.read_bytes()
    whole = len(data) - len(data) % PAIR.size
    return [Interval(node, begin / 1e9, end / 1e9) for begin, end in PAIR.iter_unpack(data[:whole])]


def _joined(pairs: list[Interval], pause: float) -> list[Interval]:
    joined = pairs[:1]
    for before, after in pairwise(pairs):
        if after.begin - before.end <= pause:
            joined[-1] = joined[-1]._replace(end=after.end)
        else:
            joined.append(after)
    return joined


def overlaps(found: list[Interval]) -> list[tuple[Interval, Interval]]:
    """Pairs of intervals on two nodes that have a moment in common."""
    return [(a, b) for a, b in combinations(found, 2) if a.node != b.node and a.begin <= b.end and b.begin <= a.end]


def alive(found: list[Interval]) -> set[str]:
    """The nodes on which it is alive now."""
    return {one.node for one in found if one.end > time.monotonic() - ALIVE}
