"""The life of a peer: which start of its daemon is believed, and which of its beats are new, without any clock.

A beat may be recorded and played again, and a network may deliver it late. Within a life the counter tells (a window of 64 lets beats
overtake each other). A life that is not the believed one has to answer a challenge: to echo our life with a counter that we reached
after we first heard of it, which no beat can do that was made before. A life that was replaced is over for good.

Lives of a node follow each other. So a new beat of the believed life takes every challenge back: as long as it speaks, no other one can
begin, and a node that bears the name of another one doesn't push it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from opensvc_daemon.heartbeat.beat import Echo

WINDOW: Final = 64
# Lives that are remembered. One that is forgotten has to answer a challenge again, which it can't.
_RETIRED: Final = 1000
_CHALLENGED: Final = 64


class Verdict(Enum):
    """What a beat is to who received it; the value says it."""

    NEW = "the newest of the believed life"
    LATE = "of the believed life, overtaken by a newer one"
    DOUBLE = "received before"
    OLD = "too far behind the newest to tell whether it was received before"
    CHALLENGED = "of a life that has yet to answer"
    RETIRED = "of a life that is over"
    FOREIGN = "of no peer of this cluster"
    OWN = "our own"
    TWIN = "of another life under this node's name"

    @property
    def is_believed(self) -> bool:
        """It is known to be of the peer's present life."""
        return self in (Verdict.NEW, Verdict.LATE, Verdict.DOUBLE)


@dataclass(frozen=True)
class Challenge:
    """A life that was heard: its highest counter, and our own counter when it was heard first."""

    counter: int
    since: int


@dataclass(frozen=True)
class Life:
    """What is known of the lives of one peer. `window`: bit n says that the beat n before the highest was received."""

    incarnation: int | None = None
    highest: int = 0
    window: int = 0
    challenges: Mapping[int, Challenge] = field(default_factory=dict)
    retired: tuple[int, ...] = ()

    def heard(self, said: Echo, answer: int, own: int) -> tuple[Life, Verdict]:
        """What becomes of a beat `said`; `answer`: the counter of our life that it echoes (0: none), `own`: our counter now."""
        if said.incarnation == self.incarnation:
            return self._continued(said.counter)
        if said.incarnation in self.retired:
            return self, Verdict.RETIRED
        challenge = self.challenges.get(said.incarnation)
        if challenge is None:
            return self._challenged(said, Challenge(said.counter, own)), Verdict.CHALLENGED
        if challenge.since < answer <= own:
            return self._begun(said), Verdict.NEW
        return self._challenged(said, replace(challenge, counter=max(challenge.counter, said.counter))), Verdict.CHALLENGED

    @property
    def challenged(self) -> Echo | None:
        """The life to be challenged next: the one that was heard last."""
        return next((Echo(life, each.counter) for life, each in reversed(list(self.challenges.items()))), None)

    def _continued(self, counter: int) -> tuple[Life, Verdict]:
        ahead = counter - self.highest
        if ahead > 0:
            window = (self.window << min(ahead, WINDOW) | 1) & ((1 << WINDOW) - 1)
            return replace(self, highest=counter, window=window, challenges={}), Verdict.NEW
        if ahead <= -WINDOW:
            return self, Verdict.OLD
        bit = 1 << -ahead
        if self.window & bit:
            return self, Verdict.DOUBLE
        return replace(self, window=self.window | bit), Verdict.LATE

    def _challenged(self, said: Echo, challenge: Challenge) -> Life:
        others = [item for item in self.challenges.items() if item[0] != said.incarnation]
        return replace(self, challenges=dict([*others[1 - _CHALLENGED :], (said.incarnation, challenge)]))

    def _begun(self, said: Echo) -> Life:
        over = () if self.incarnation is None else (self.incarnation,)
        return Life(said.incarnation, said.counter, 1, {}, (*self.retired, *over)[-_RETIRED:])
