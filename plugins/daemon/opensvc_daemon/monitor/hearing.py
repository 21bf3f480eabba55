"""Hearing: what beat tells of the peers, and how each is reached now, as the decision counts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from opensvc_daemon.monitor.knowledge import Knowledge, Peer
from opensvc_daemon.orchestration.reaching import ONE_WAY_SHARE, Heard, reach_of
from opensvc_daemon.orchestration.view import Reach

MOMENT = 1e-3
ALIVE = frozenset({Reach.BEATING, Reach.HEARD})


class Hearing:
    """The peers of one monitor. `contacts` are beat's words: `beating`, `one_way`, `listening`, `stale`."""

    def __init__(self, known: Knowledge) -> None:
        self._known = known
        self._contacts: dict[str, str] = {}
        self._said: dict[str, tuple[int, int]] = {}
        self.listening = known.awake_since

    def told(self, peers: Mapping[str, Mapping[str, Any]]) -> None:
        """Take what beat tells of all peers."""
        for name, said in peers.items():
            peer = self._known.peers.get(name)
            if peer is not None:
                self._contacts[name] = str(said.get("contact"))
                self._take(peer, said)

    def _take(self, peer: Peer, said: Mapping[str, Any]) -> None:
        peer.last_heard, peer.finding = said.get("last_heard"), str(said.get("finding") or "")
        peer.lateness = dict(said.get("lateness") or {})
        peer.secrets = dict(said.get("secrets") or {})
        peer.links = {name: bool(link.get("two_way")) for name, link in (said.get("links") or {}).items()}
        incarnation = said.get("incarnation")
        if incarnation and incarnation != peer.incarnation:
            # a new life: what was confirmed of the last one says nothing of it
            peer.incarnation, peer.merged, peer.confirmed = incarnation, 0, None
        if incarnation:
            peer.announced = int(said.get("generation") or 0)
            self._said[peer.name] = peer.announced, int(said.get("merged") or 0)
            self.settle(peer)

    def settle(self, peer: Peer) -> None:
        """Its acknowledgement counts together with what it said at that moment: once that is merged here."""
        generation, merged = self._said.get(peer.name, (0, 0))
        if generation <= peer.replica.merged(peer.incarnation):
            peer.merged = merged

    def acknowledged(self, name: str) -> int:
        """The generation of our data that a peer has, by its newest beat: what it is sent goes by that."""
        return self._said.get(name, (0, 0))[1]

    def forget(self) -> None:
        """A new life of ours begins: nobody has any of its data yet."""
        self._said.clear()
        self._contacts.clear()
        for peer in self._known.peers.values():
            peer.merged = 0

    def woke(self, now: float) -> None:
        """Listen anew after a gap: what was said meanwhile may have been missed."""
        self.listening = now

    def refresh(self, now: float) -> Iterator[tuple[Peer, Reach]]:
        """Work out who is reached how; yields the peers for whom that has changed, with what it was."""
        for peer in self._known.peers.values():
            peer.untold_since = None if peer.is_told else now if peer.untold_since is None else peer.untold_since
            reach = reach_of(self._heard(peer, now), peer.reach, self._known.settings.heartbeat_timeout)
            if reach is not peer.reach:
                before, peer.reach, peer.reach_since = peer.reach, reach, now
                if reach in ALIVE:
                    peer.confirmed = None  # it lives: what was confirmed was wrong, or is over
                yield peer, before

    def _heard(self, peer: Peer, now: float) -> Heard:
        contact = self._contacts.get(peer.name, "listening")
        is_one_way = contact == "one_way" and peer.last_heard is not None
        return Heard(
            is_proven=contact == "beating",
            is_stale=contact == "stale",
            one_way=now - peer.last_heard if is_one_way and peer.last_heard is not None else None,
            is_known=bool(peer.incarnation),
            is_listening=now - self.listening < self._known.settings.heartbeat_timeout,
        )

    def due(self, now: float) -> float:
        """The next moment at which somebody is reached otherwise though beat tells nothing new."""
        timeout = self._known.settings.heartbeat_timeout
        moments = [inf]
        for peer in self._known.peers.values():
            if peer.reach is Reach.HEARD and peer.last_heard is not None:
                moments.append(peer.last_heard + ONE_WAY_SHARE * timeout)
            elif peer.reach is Reach.BEATING and self._contacts.get(peer.name) != "beating":
                moments.append(self.listening + timeout)
        return max(min(moments), now) + MOMENT
