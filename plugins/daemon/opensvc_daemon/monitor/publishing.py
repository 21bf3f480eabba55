"""Publishing: this node's tree and its generations, sent to each peer that lacks some of it, and the peers' trees taken in."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from opensvc_core.api import HeartbeatLink, OpensvcError
from opensvc_daemon.clock import now
from opensvc_daemon.heartbeat.data import Message
from opensvc_daemon.heartbeat.digests import plain_digest
from opensvc_daemon.heartbeat.errors import HeartbeatError
from opensvc_daemon.heartbeat.journal import Journal, journal_of
from opensvc_daemon.heartbeat.keyring import Keyring
from opensvc_daemon.heartbeat.replica import Outcome
from opensvc_daemon.monitor.couriers import Couriers
from opensvc_daemon.monitor.hearing import Hearing
from opensvc_daemon.monitor.knowledge import Json, Knowledge, Peer
from opensvc_daemon.monitor.parcels import Arrival, Packer, Unpacker
from opensvc_daemon.orchestration.view import Reach

# Seconds until what was sent, and not acknowledged, is sent again; and after a way that failed.
AGAIN: Final = 0.5
_EARLY: Final = 8


class Told(NamedTuple):
    """What the publishing tells the monitor: a peer's tree has changed, or a note has come."""

    tree: Callable[[Peer, Mapping[str, Any]], None]
    note: Callable[[Peer, Json], None]
    merged: Callable[[], None]


class Publishing:
    """Of one monitor."""

    def __init__(self, known: Knowledge, hearing: Hearing, told: Told) -> None:
        self._known, self._hearing, self._told = known, hearing, told
        self.journal: Journal = journal_of({})
        self._couriers = Couriers(asyncio.get_running_loop(), self.arrived)
        self._keyring: Keyring | None = None
        self._packer: Packer | None = None
        self._unpacker: Unpacker | None = None
        self._senders: dict[str, asyncio.Task[None]] = {}
        self._news: dict[str, asyncio.Event] = {}
        self._notes: dict[str, deque[Json]] = {}
        self._early: dict[str, deque[Arrival]] = {}
        self._heard_notes: dict[str, tuple[int, int]] = {}
        self._life = 0

    # -- how

    def configure(self, keyring: Keyring | None, links: Mapping[str, HeartbeatLink | OpensvcError]) -> None:
        """Use these secrets and links from now on; without a secret nothing is sent."""
        self._keyring = keyring
        self._unpacker = Unpacker(self._known.cluster_name, keyring) if keyring is not None else None
        self._couriers.configure(links if keyring is not None else {})
        for name in [name for name in self._senders if name not in self._known.peers]:
            self._senders.pop(name).cancel()
        for name in self._known.peers:
            if name not in self._senders:
                self._news[name], self._notes[name] = asyncio.Event(), deque(maxlen=100)
                self._senders[name] = asyncio.create_task(self._send(name), name=f"data to {name}")

    def begin(self, incarnation: int) -> None:
        """A new life: its counters begin anew."""
        self._packer, self._life = Packer(self._known.cluster_name, self._known.me, incarnation), incarnation
        self.wake()

    def end(self) -> None:
        """Send no more."""
        for sender in self._senders.values():
            sender.cancel()
        self._couriers.end()

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong with ways to peers."""
        return self._couriers.troubles

    # -- out

    def publish(self, tree: Json) -> bool:
        """This is the tree from now on, and nobody changes it any more; whether it is another one than before."""
        journal = self.journal.replaced(tree)
        if journal.generation == self.journal.generation:
            return False
        self.journal = journal.merged_by(self._hearing.acknowledged(name) for name in self._known.peers)
        self._known.generation = journal.generation
        self.wake()
        return True

    def wake(self) -> None:
        """See who lacks something."""
        for news in self._news.values():
            news.set()

    def post(self, peer: str, note: Json) -> None:
        """Send a note to a peer; one that can't be sent now is tried again while the peer is heard."""
        if peer in self._notes:
            self._notes[peer].append(note)
            self._news[peer].set()

    def is_acknowledged(self) -> bool:
        """Everybody that is heard has all that this node says."""
        beating = [peer.name for peer in self._known.peers.values() if peer.reach is Reach.BEATING]
        return all(self._hearing.acknowledged(name) >= self._known.generation for name in beating)

    async def _send(self, name: str) -> None:
        """All that goes to one peer."""
        news, sent, tries = self._news[name], (0, False, 0.0), 0
        while True:
            news.clear()
            state = (self.journal.generation, self._hearing.acknowledged(name) == 0)
            note = self._notes[name][0] if self._notes[name] else None
            is_due = note is not None or sent[:2] != state or now() - sent[2] >= AGAIN
            parcel = self._next(name, note, tries) if is_due else None
            if parcel is not None:
                is_ok = await self._couriers.carry(name, parcel, self._beating(name))
                sent, tries = sent if note else (*state, now()), tries + 1
                if is_ok and note:
                    self._notes[name].popleft()
                if is_ok:
                    continue
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN if self._lacks(name) else None):
                    await news.wait()

    def _beating(self, name: str) -> frozenset[str]:
        """The links over which a peer and this node hear each other."""
        return frozenset(link for link, is_two_way in self._known.peers[name].links.items() if is_two_way)

    def _lacks(self, name: str) -> bool:
        is_heard = self._known.peers[name].reach is Reach.BEATING
        return is_heard and (bool(self._notes[name]) or self._hearing.acknowledged(name) != self.journal.generation)

    def _next(self, name: str, note: Json | None, tries: int) -> bytes | None:
        if self._packer is None or self._keyring is None or not self._lacks(name):
            return None
        # while the secret is replaced a peer may hold another one already: one after the other is tried
        secret = self._keyring.secrets[tries % len(self._keyring.secrets)]
        try:
            if note is not None:
                # whose it is: recorded and sent to another node, or to a later life, it counts for nothing
                return self._packer.note({**note, "to": name, "life": self._known.peers[name].incarnation}, secret)
            message = self.journal.message(self._hearing.acknowledged(name))
            return self._packer.tree(self._for(name, message), secret) if message is not None else None
        except HeartbeatError as error:
            self._couriers.troubles[name] = str(error)
            return None

    def _for(self, name: str, message: Message) -> Message:
        """A message with a digest that the peer knows."""
        return message._replace(digest=plain_digest(self.journal.data)) if self._known.peers[name].replica.is_plain else message

    # -- in

    def arrived(self, data: bytes) -> None:
        """A parcel; what can't be opened changes nothing."""
        if self._unpacker is None:
            return
        try:
            arrival = self._unpacker.opened(data)
        except HeartbeatError as error:
            self._couriers.troubles["received"] = str(error)
            return
        peer = self._known.peers.get(arrival.node)
        if peer is None:
            return
        if peer.incarnation != arrival.incarnation:
            # its beats may not have told of this life yet
            self._early.setdefault(peer.name, deque(maxlen=_EARLY)).append(arrival)
        else:
            self._take(peer, arrival)

    def believed(self, peer: Peer) -> None:
        """A life of a peer is believed from now on: take what came of it before."""
        for arrival in self._early.pop(peer.name, ()):
            if arrival.incarnation == peer.incarnation:
                self._take(peer, arrival)

    def _take(self, peer: Peer, arrival: Arrival) -> None:
        if arrival.note is not None:
            # a note counts once: it may be recorded and sent again by anybody
            if self._heard_notes.get(peer.name, (0, 0))[0] == arrival.incarnation and arrival.counter <= self._heard_notes[peer.name][1]:
                return
            self._heard_notes[peer.name] = (arrival.incarnation, arrival.counter)
            if (arrival.note.get("to"), arrival.note.get("life")) == (self._known.me, self._life):
                self._told.note(peer, arrival.note)
        elif arrival.message is not None:
            before = peer.data if peer.is_merged else {}
            peer.replica, outcome = peer.replica.received(arrival.incarnation, arrival.message, self.journal.data)
            if outcome is Outcome.APPLIED:
                self._hearing.settle(peer)
                self._told.tree(peer, before)
            self._told.merged()

    def merged(self) -> dict[str, int]:
        """Up to which generation the peers' data is here, for the next beats."""
        return {peer.name: peer.replica.merged(peer.incarnation) for peer in self._known.peers.values() if peer.incarnation}
