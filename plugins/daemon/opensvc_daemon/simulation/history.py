"""History: on which node each service was active, when, in true time."""

from __future__ import annotations

from math import inf
from typing import NamedTuple


class Interval(NamedTuple):
    """A service active on a node. `end` is infinite while it lasts."""

    service: str
    node: str
    start: float
    end: float = inf


class History:
    """All intervals. What happens at one and the same moment does not overlap."""

    def __init__(self) -> None:
        self.intervals: list[Interval] = []
        self._open: dict[str, dict[str, float]] = {}

    def mark(self, service: str, node: str, at: float, *, is_active: bool) -> bool:
        """Note what is so from now on. Whether that is news."""
        places = self._open.setdefault(service, {})
        if is_active == (node in places):
            return False
        if is_active:
            places[node] = at
        else:
            self.intervals.append(Interval(service, node, places.pop(node), at))
        return True

    def active(self, service: str) -> list[str]:
        """The nodes on which it is active now, those that began first in front."""
        return list(self._open.get(service, {}))

    def all(self) -> list[Interval]:
        """Those that have ended, and those that last."""
        lasting = [Interval(service, node, start) for service, places in self._open.items() for node, start in places.items()]
        return sorted(self.intervals + lasting, key=lambda one: (one.start, one.service, one.node))
