"""Hearing: whom a node hears, and who hears it, in plain values; `rooms.py` does the same with the heartbeat's own code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from opensvc_daemon.orchestration.reaching import ONE_WAY_SHARE, Heard, reach_of
from opensvc_daemon.orchestration.view import Reach
from opensvc_daemon.simulation.data import Life, Message, NodeData, Said

KEPT = 16
# Heard now, in both directions or in one.
CONTACT = frozenset({Reach.BEATING, Reach.HEARD})


class Ear:
    """What was heard of one peer. Moments are of the listener's clock. `proven`: it was alive, and heard us, at that moment."""

    __slots__ = ("counter", "data", "heard", "incarnation", "merged", "proven", "reach", "since")

    def __init__(self, now: float) -> None:
        self.incarnation, self.counter = 0, 0
        self.heard, self.proven = -inf, -inf
        self.merged = 0
        self.data: NodeData | None = None
        self.reach, self.since = Reach.UNSEEN, now


class Hearing:
    """One life of one daemon, listening to its peers."""

    def __init__(self, me: str, incarnation: int, peers: Iterable[str], timeout: float, now: float) -> None:
        self.me, self.incarnation, self.timeout = me, incarnation, timeout
        self.counter = 0
        self.ears = {peer: Ear(now) for peer in peers}
        self.listening = now
        self._sent: dict[int, float] = {}

    def beat(self, merged: Mapping[str, Life], _generation: int, now: float) -> object:
        """A beat that goes out now."""
        self.counter += 1
        self._sent[self.counter] = now
        self._sent.pop(self.counter - KEPT, None)
        echo = {peer: Life(ear.incarnation, ear.counter) for peer, ear in self.ears.items() if ear.incarnation}
        return Said(self.counter, merged, echo)

    def received(self, message: Message, _link: str, now: float) -> bool:
        """Take a message. Whether it said anything new, of its sender or of what that knows of us."""
        data, said = message.data, message.beat
        ear = self.ears.get(data.node)
        assert isinstance(said, Said)
        if ear is None or (data.incarnation, said.counter) <= (ear.incarnation, ear.counter):
            return False
        if data.incarnation != ear.incarnation:
            ear.incarnation, ear.proven = data.incarnation, -inf
        ear.counter, ear.heard = said.counter, now
        echo, merged = said.echo.get(self.me), said.merged.get(self.me)
        if echo is not None and echo.incarnation == self.incarnation:
            ear.proven = max(ear.proven, self._sent.get(echo.number, -inf))
        is_ours = merged is not None and merged.incarnation == self.incarnation
        return self._noted(ear, data, merged.number if merged is not None and is_ours else 0)

    def _noted(self, ear: Ear, data: NodeData, merged: int) -> bool:
        """Keep what a peer says, and what it has of ours by its own word. Whether that is news."""
        is_news = ear.data is not data or ear.merged != merged or ear.reach is not Reach.BEATING
        ear.data, ear.merged = data, merged
        return is_news

    def woke(self, now: float) -> None:
        """Listen anew after a gap: what was said meanwhile may have been missed."""
        self.listening = now

    def leapt(self, seconds: float) -> None:
        """So much time has passed with nothing but beats as before."""
        self._sent = {counter: moment + seconds for counter, moment in self._sent.items()}
        for ear in self.ears.values():
            if ear.reach is Reach.BEATING:
                ear.heard, ear.proven = ear.heard + seconds, ear.proven + seconds

    def refresh(self, now: float) -> list[str]:
        """Work out who is heard now. The peers for whom that has changed."""
        changed = []
        for peer, ear in self.ears.items():
            if ear.reach is Reach.BEATING and now - ear.proven < self.timeout:
                continue  # by far the most frequent case
            reach = self._reach(ear, now)
            if reach is not ear.reach:
                ear.reach, ear.since = reach, now
                changed.append(peer)
        return changed

    def falls_silent(self) -> float:
        """The earliest moment at which somebody that is heard falls silent, if nothing more comes."""
        earliest = inf
        for ear in self.ears.values():
            if ear.reach in CONTACT:
                earliest = min(earliest, self._last(ear) + self.timeout)
        return earliest

    def _last(self, ear: Ear) -> float:
        """From when on its reach may be another one, a timeout later."""
        if ear.reach is Reach.HEARD:
            return ear.heard - (1 - ONE_WAY_SHARE) * self.timeout
        return max(ear.proven, self.listening)

    def _reach(self, ear: Ear, now: float) -> Reach:
        return reach_of(
            Heard(
                is_proven=now - ear.proven < self.timeout,
                is_stale=False,
                one_way=now - ear.heard if ear.incarnation else None,
                is_known=bool(ear.incarnation),
                is_listening=now - self.listening < self.timeout,
            ),
            ear.reach,
            self.timeout,
        )
