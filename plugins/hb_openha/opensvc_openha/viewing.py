"""Viewing: what a node makes of all that its listeners heard of the peer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opensvc_openha.liveness import Hearing, Liveness, together
from opensvc_openha.states import State
from opensvc_openha.trailer import NOBODY


@dataclass(frozen=True)
class Said:
    """What the peer said in a record: its states by service, and what stood in the trailer; without one, `incarnation` is NOBODY.

    `elapsed` is its wall clock, `stamp` its monotonic clock in nanoseconds.
    """

    states: Mapping[str, State] = field(default_factory=dict)
    elapsed: int = 0
    incarnation: bytes = NOBODY
    stamp: int = 0
    round: int = 0
    echo: bytes = NOBODY
    echo_round: int = 0
    ran_here: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Heard:
    """One link: how it listens, what came last, how many records came, and whether it is a disk."""

    hearing: Hearing
    said: Said | None = None
    count: int = 0
    is_disk: bool = False


@dataclass(frozen=True)
class Peer:
    """The peer as a whole. `said` is the newest of what its links that are up heard, None where none is."""

    liveness: Liveness
    said: Said | None
    count: int
    slow: float

    def answered(self, incarnation: bytes) -> int | None:
        """The newest round of this node's manager, of that incarnation, that the peer's manager had looked at; None: it does not tell."""
        if self.said is None or self.said.incarnation == NOBODY:
            return None
        return self.said.echo_round if self.said.echo == incarnation else 0


def peer_of(links: Sequence[Heard], now: float) -> Peer:
    """What is known of the peer at `now`, in monotonic seconds."""
    alive = [(link, link.hearing.liveness(now)) for link in links]
    up = [link for link, liveness in alive if liveness is Liveness.UP]
    slow = max((link.hearing.timeout for link in up), default=0.0) if all(link.is_disk for link in up) else 0.0
    return Peer(together([link.hearing for link in links], now), newest(up), sum(link.count for link in links), slow)


def newest(links: Iterable[Heard]) -> Said | None:
    """What was said last: links are of different speed. The peer's own clocks tell, the monotonic one where it stands in the records."""
    best: Heard | None = None
    for link in links:
        if link.said is not None and (best is None or best.said is None or _is_newer(link, best)):
            best = link
    return best.said if best else None


def _is_newer(link: Heard, than: Heard) -> bool:
    assert link.said is not None
    assert than.said is not None
    if link.said.incarnation == than.said.incarnation != NOBODY:
        return link.said.stamp > than.said.stamp
    return (link.said.elapsed, link.hearing.heard or 0.0) > (than.said.elapsed, than.hearing.heard or 0.0)
