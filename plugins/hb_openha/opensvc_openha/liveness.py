"""Liveness: whether a node is there, from what its links have heard; and whether a record is a new one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, unique
from typing import Self


@unique
class Liveness(Enum):
    """What is known of a peer, or of one link to it."""

    UP = "up"
    DOWN = "down"
    BLIND = "blind"  # nobody listens, or not for long enough to tell


@dataclass(frozen=True)
class Hearing:
    """What a listener tells of itself. All times are monotonic seconds of this host; None: never.

    `since`: since when it listens; `looked`: when it last could have heard something; `heard`: when the last record came that counts.
    """

    timeout: float
    since: float | None = None
    looked: float | None = None
    heard: float | None = None

    def liveness(self, now: float) -> Liveness:
        """UP until the timeout has passed since the last record; DOWN only where somebody listened all that time."""
        if self.since is None or self.looked is None or now - self.looked > self.timeout:
            return Liveness.BLIND
        if self.heard is not None and now - self.heard <= self.timeout:
            return Liveness.UP
        return Liveness.DOWN if now - self.since > self.timeout else Liveness.BLIND


def together(links: Iterable[Liveness]) -> Liveness:
    """A node by its links: one that is up is enough; without any, one that can tell is."""
    found = set(links)
    return next((one for one in (Liveness.UP, Liveness.DOWN) if one in found), Liveness.BLIND)


@dataclass(frozen=True)
class Freshness:
    """Whether records are new, by the sender's clock in them: one that was seen before is old, also when it comes again later.

    A clock that was put back is believed from its second record on; `last` is the newest one believed, `doubted` one that looks older.
    `needs_change`: the first record proves nothing, as on a disk where it may have stood for years.
    """

    needs_change: bool = False
    last: int | None = None
    doubted: int | None = None

    def next(self, elapsed: int) -> tuple[Self, bool]:
        """What is known after a record, and whether it is a new one."""
        if self.last is None:
            return replace(self, last=elapsed), not self.needs_change
        if elapsed > self.last:
            return replace(self, last=elapsed, doubted=None), True
        if elapsed == self.last:
            return self, False
        if self.doubted is not None and elapsed > self.doubted:
            return replace(self, last=elapsed, doubted=None), True
        return replace(self, doubted=elapsed), False
