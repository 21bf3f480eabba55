"""Lateness: how long after they were due the beats of each peer have come over each link, counted since this process began."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

# Seconds: each bucket counts what was later than the bound before it, and not later than its own; one more counts the rest.
BOUNDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)


@dataclass
class Histogram:
    """Of one peer on one link. `worst` and `total` are in seconds; `life` and `last` are those of the latest beat."""

    life: int = 0
    last: float = -inf
    worst: float = 0.0
    total: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def heard(self, life: int, interval: float, now: float) -> None:
        """Count a beat that comes at this moment. The first one of a life was not due at any."""
        if life == self.life:
            late = max(now - self.last - interval, 0.0)
            self.counts[bisect_left(BOUNDS, late)] += 1
            self.worst, self.total = max(self.worst, late), self.total + late
        self.life, self.last = life, now

    def told(self) -> dict[str, Any]:
        """As plain values."""
        p999 = quantile(self.counts, 0.999)
        return {"counts": list(self.counts), "total": round(self.total, 6), "worst": round(self.worst, 6), "p999": p999}


class Lateness:
    """All of them."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Histogram]] = {}

    def heard(self, peer: str, link: str, life: int, interval: float, now: float) -> None:
        """A beat that was not heard before over this link; `interval`: seconds between two of them there."""
        self._known.setdefault(peer, {}).setdefault(link, Histogram()).heard(life, interval, now)

    def of(self, peer: str) -> dict[str, dict[str, Any]]:
        """What is told of a peer, by link: `counts` of beats by `BOUNDS`; `total`, `worst`, `p999` (99.9 % keep it) in seconds."""
        return {link: one.told() for link, one in self._known.get(peer, {}).items()}


def quantile(counts: Sequence[int], share: float) -> float | None:
    """The bound that this share of the beats kept, in seconds; None: they kept none of them, or there were no beats.

    >>> quantile([998, 1, 1] + [0] * 12, 0.999)
    0.002
    """
    wanted, found = share * sum(counts), 0
    for count, bound in zip(counts, BOUNDS, strict=False):
        found += count
        if found and found >= wanted:
            return bound
    return None


def cumulated(told: Mapping[str, Any]) -> dict[str, int]:
    """The buckets of what `Lateness.of` tells of a link as Prometheus counts them: each with all before it, by its bound as text."""
    found, sum_ = {}, 0
    for bound, count in zip((*(f"{bound:g}" for bound in BOUNDS), "+Inf"), told["counts"], strict=True):
        sum_ += count
        found[bound] = sum_
    return found
