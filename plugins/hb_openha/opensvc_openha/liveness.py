"""Liveness: whether a node is there, from what its links have heard; and whether a record is a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, unique
from typing import Self


@unique
class Liveness(Enum):
    """What is known of a peer, or of one link to it."""

    UP = "up"
    DOWN = "down"
    BLIND = "blind"  # nobody listens, or not for long enough to tell, or what comes is not understood


@dataclass(frozen=True)
class Hearing:
    """What a listener tells of itself. All times are monotonic seconds of this host; None: never.

    `since`: since when it listens without a break; `looked`: when it last could have heard something; `heard`: when the last record came
    that counts; `doubted`: when something last came that may be the peer's and does not count.
    """

    timeout: float
    since: float | None = None
    looked: float | None = None
    heard: float | None = None
    doubted: float | None = None

    @property
    def sign(self) -> float | None:
        """When anything last came that may be the peer's."""
        return max((moment for moment in (self.heard, self.doubted) if moment is not None), default=None)

    def liveness(self, now: float) -> Liveness:
        """UP until the timeout has passed since the last record; DOWN only where somebody listened all that time, and nothing came."""
        if self.heard is not None and now - self.heard <= self.timeout:
            return Liveness.UP
        starts = [moment for moment in (self.since, self.sign) if moment is not None]
        if self.since is None or self.looked is None or now - self.looked > self.timeout:
            return Liveness.BLIND
        return Liveness.DOWN if now - max(starts) > self.timeout else Liveness.BLIND


def together(links: Sequence[Hearing], now: float) -> Liveness:
    """A node by its links: one that is up is enough. It is down where all are silent; beside blind ones, where a witness is silent."""
    found = [(link, link.liveness(now)) for link in links]
    states = {state for _, state in found}
    if Liveness.UP in states or len(states) == 1:
        return Liveness.UP if Liveness.UP in states else states.pop()
    last = max((link.sign for link in links if link.sign is not None), default=None)
    is_known = any(state is Liveness.DOWN and _is_witness(link, last) for link, state in found)
    return Liveness.DOWN if is_known else Liveness.BLIND


def _is_witness(link: Hearing, last: float | None) -> bool:
    """Whether the silence of a link tells of the peer, whom any link heard at `last`: one that was silent already then tells of itself."""
    return last is not None and link.sign is not None and last <= link.sign + link.timeout


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
