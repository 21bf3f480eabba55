"""Hearing with the heartbeat's own code: lives and challenges, echoes, staleness; and, where wanted, the seal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf

from opensvc_daemon.heartbeat.beat import Beat
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.own import Own
from opensvc_daemon.heartbeat.peer import Peer
from opensvc_daemon.heartbeat.peers import begun
from opensvc_daemon.heartbeat.replay import Verdict
from opensvc_daemon.heartbeat.sealing import Opener, Sealer
from opensvc_daemon.heartbeat.tags import tag_of
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.heartbeat.views import Contact
from opensvc_daemon.heartbeat.wire import arrived, sent
from opensvc_daemon.orchestration.reaching import Heard, reach_of
from opensvc_daemon.orchestration.view import Reach
from opensvc_daemon.simulation.data import Life, Message
from opensvc_daemon.simulation.hearing import CONTACT, Ear, Hearing

CLUSTER = "simulated"


class RoomHearing(Hearing):
    """The same as `Hearing`, by the real rules. `links` are the heartbeats in the order of their numbers."""

    def __init__(self, me: str, incarnation: int, peers: Iterable[str], timeout: float, now: float, *, links: tuple[str, ...]) -> None:
        super().__init__(me, incarnation, peers, timeout, now)
        self._links = {link: number for number, link in enumerate(links)}
        terms = Terms(timeout=timeout, pause=min(2.0, timeout / 2))
        self.peers = begun(Own(me, incarnation), CLUSTER, nodes=self.ears, links=self._links.values(), terms=terms, now=now)

    def beat(self, merged: Mapping[str, Life], generation: int, now: float) -> object:
        self.peers = self.peers.tick(now)
        self.counter += 1
        self.peers = self.peers.sent(self.counter, now)
        seen = self.peers.seen({peer: life.number for peer, life in merged.items()}, now)
        beat = Beat(
            *(tag_of(CLUSTER), self.me, self.incarnation, self.counter, tag_of("boot")),
            generation=generation,
            seen=seen,
            challenged=self.peers.challenged(),
        )
        return self._packed(beat)

    def received(self, message: Message, link: str, now: float) -> bool:
        beat = self._unpacked(message.beat)
        self.peers, verdict = self.peers.received(self._links[link], beat, now)
        if verdict is not Verdict.NEW:
            return False
        ear = self.ears[beat.node]
        ear.incarnation, ear.heard = beat.incarnation, now
        seen = beat.seen.get(self.peers.own.tag)
        return self._noted(ear, message.data, seen.generation if seen and seen.incarnation == self.incarnation else 0)

    def woke(self, now: float) -> None:
        super().woke(now)
        self.peers = self.peers.tick(now)

    def leapt(self, seconds: float) -> None:
        own = replace(self.peers.own, moments=tuple((counter, moment + seconds) for counter, moment in self.peers.own.moments))
        known = {name: _later(peer, seconds) if self.ears[name].reach is Reach.BEATING else peer for name, peer in self.peers.known.items()}
        self.peers = replace(self.peers, own=own, known=known, ticked=self.peers.ticked + seconds)

    def refresh(self, now: float) -> list[str]:
        self._contacts = {name: view.contact for name, view in self.peers.view(now).items()}
        return super().refresh(now)

    def falls_silent(self) -> float:
        return min((self._last_of(name, ear) + self.timeout for name, ear in self.ears.items() if ear.reach in CONTACT), default=inf)

    def _last_of(self, name: str, ear: Ear) -> float:
        return self._last(ear) if ear.reach is Reach.HEARD else max(_proven(self.peers.known[name]), self.listening)

    def _reach(self, ear: Ear, now: float) -> Reach:
        contact = next(self._contacts[name] for name, one in self.ears.items() if one is ear)
        return reach_of(
            Heard(
                is_proven=contact is Contact.BEATING,
                is_stale=contact is Contact.STALE,
                one_way=now - ear.heard if contact is Contact.ONE_WAY and ear.incarnation else None,
                is_known=bool(ear.incarnation),
                is_listening=now - self.listening < self.timeout,
            ),
            ear.reach,
            self.timeout,
        )

    def _packed(self, beat: Beat) -> object:
        return beat

    def _unpacked(self, beat: object) -> Beat:
        assert isinstance(beat, Beat)
        return beat


class SealedHearing(RoomHearing):
    """With each beat sealed, sent as bytes, and opened again."""

    SECRET = Secret(b"simulated secret of 32 bytes ...")

    def __init__(self, me: str, incarnation: int, peers: Iterable[str], timeout: float, now: float, *, links: tuple[str, ...]) -> None:
        super().__init__(me, incarnation, peers, timeout, now, links=links)
        self._sealer = Sealer(CLUSTER, me, incarnation)
        self._opener = Opener(CLUSTER, Keyring((self.SECRET,)))

    def _packed(self, beat: Beat) -> object:
        return sent(beat, self._sealer, self.SECRET)

    def _unpacked(self, beat: object) -> Beat:
        assert isinstance(beat, bytes)
        return arrived(beat, self._opener).beat


def _later(peer: Peer, seconds: float) -> Peer:
    """The same as if all that was heard had been heard that much later."""
    receptions = {
        link: one._replace(at=one.at + seconds, proven=None if one.proven is None else one.proven + seconds)
        for link, one in peer.receptions.items()
    }
    return replace(peer, receptions=receptions)


def _proven(peer: Peer) -> float:
    return max((one.proven for one in peer.receptions.values() if one.proven is not None), default=-inf)
