"""Our own life: its name, what it sent and when, so that the echo in a peer's beat tells when that peer was alive."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from opensvc_daemon.heartbeat.beat import Beat
from opensvc_daemon.heartbeat.tags import Tag, tag_of


class Answer(NamedTuple):
    """What a beat says about us: the counter of our life that it echoes (0: none), and, where its sender believes our life, when we sent
    that, None for long ago, and the links that it hears us over."""

    counter: int = 0
    proven: float | None = None
    links: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Own:
    """Our node, incarnation, the counter of our last beat; counters and moments of those that are young enough to prove anything."""

    node: str
    incarnation: int
    counter: int = 0
    moments: tuple[tuple[int, float], ...] = ()
    tag: Tag = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", tag_of(self.node))  # asked for with each beat that arrives

    def sent(self, counter: int, now: float, keep: float) -> Own:
        """The same after one more beat, without those that are older than `keep` seconds. Raises ValueError: the counter does not grow."""
        if counter <= self.counter:
            raise ValueError(f"beat {counter} after beat {self.counter}")
        young = (each for each in self.moments if now - each[1] < keep)
        return replace(self, counter=counter, moments=(*young, (counter, now)))

    def answer(self, beat: Beat) -> Answer:
        """What a beat says about our life."""
        seen, challenged = beat.seen.get(self.tag), beat.challenged.get(self.tag)
        if seen and seen.incarnation == self.incarnation:
            return Answer(seen.counter, self._moment(seen.counter), seen.links)
        if challenged and challenged.incarnation == self.incarnation:
            return Answer(challenged.counter)
        return Answer()

    def _moment(self, counter: int) -> float | None:
        return next((moment for sent, moment in self.moments if sent == counter), None)
