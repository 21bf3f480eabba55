"""Talk: what this node says in its beats and hears in those of others, within one life. It has no clock and no sockets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from opensvc_daemon.beat.setup import Setup
from opensvc_daemon.heartbeat.beat import Beat
from opensvc_daemon.heartbeat.compact import Compact
from opensvc_daemon.heartbeat.errors import HeartbeatError, UnknownKey, UnknownVersion
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.own import Own
from opensvc_daemon.heartbeat.peer import Reception
from opensvc_daemon.heartbeat.peers import Peers, begun
from opensvc_daemon.heartbeat.replay import Verdict
from opensvc_daemon.heartbeat.sealing import Opener, Sealer
from opensvc_daemon.heartbeat.tags import tag_of
from opensvc_daemon.heartbeat.views import Contact, PeerView
from opensvc_daemon.heartbeat.wire import arrived, room, sent

# Before a message that is for the lease alone: it says nothing about the monitor's life. A beat begins with another byte.
ASIDE: Final = b"\xb8"


@dataclass(frozen=True)
class Pulse:
    """What the monitor said last: its state, the generation of its data, and up to where it has that of each peer."""

    state: str = "init"
    generation: int = 1
    merged: Mapping[str, int] = field(default_factory=dict)


class Life(NamedTuple):
    """A start of the daemon: a random number, and the boot of the node that it is of."""

    incarnation: int
    boot: str


class Heard(NamedTuple):
    """What a message was.

    Parameters:
        node: who sent it; empty: it could not be read.
        lease: what of it is for the lease.
        is_new: it was not heard before, over any link.
        is_strange: it is of a life that has yet to answer.
        is_idle: it said nothing that was not known over its own link; what is sent again is.
        is_twin: it came under our own name, and not from this life.
        life: of a beat that is newer than all before it over its link; else 0.
    """

    node: str = ""
    lease: Compact = None
    is_new: bool = False
    is_strange: bool = False
    is_idle: bool = False
    is_twin: bool = False
    life: int = 0


class Talk:
    """One life. Raises ValueError: the setup has terms that don't fit. `keyring` and `setup.links` are those of the setup."""

    def __init__(self, setup: Setup, keyring: Keyring, links: Mapping[str, int], life: Life, now: float) -> None:
        own = Own(setup.node, life.incarnation)
        self.peers: Peers = begun(own, setup.cluster, nodes=setup.members, links=links.values(), terms=setup.terms, now=now)
        self._setup, self._keyring, self._boot = setup, keyring, tag_of(life.boot)
        self._sealers = {purpose: Sealer(setup.cluster, setup.node, life.incarnation, purpose) for purpose in ("beat", "lease")}
        self._openers = {purpose: Opener(setup.cluster, keyring, purpose) for purpose in ("beat", "lease")}
        self._aside = 0
        self._heard_aside: dict[str, tuple[int, int]] = {}
        # of each peer, the ids of the secrets that it holds, and that of the one that it seals with
        self._holds: dict[str, tuple[bytes, ...]] = {}
        self._uses: dict[str, bytes] = {}

    def configure(self, setup: Setup, keyring: Keyring, links: Mapping[str, int], now: float) -> None:
        """Go on with another setup of the same cluster. Raises ValueError as at the beginning."""
        if findings := setup.terms.findings():
            raise ValueError("; ".join(findings))
        self.peers = replace(self.peers, terms=setup.terms).configured(setup.members, links.values(), now)
        self._setup, self._keyring = setup, keyring
        for opener in self._openers.values():
            opener.use(keyring)

    @property
    def incarnation(self) -> int:
        """The name of this life."""
        return self.peers.own.incarnation

    def tick(self, now: float) -> None:
        """One more round of ours."""
        self.peers = self.peers.tick(now)

    # -- to say

    def beat(self, pulse: Pulse, lease: Compact, now: float) -> bytes:
        """The next beat, to be sent at once over all links. Raises HeartbeatError."""
        counter = self.peers.own.counter + 1
        beat = self._beat(pulse, counter, now)
        data = sent(replace(beat, lease=lease), self._sealers["beat"], self.secret)
        self.peers = self.peers.sent(counter, now)
        return data

    def room(self, pulse: Pulse, now: float) -> int:
        """How many bytes the next beat has for the lease."""
        return room(self._beat(pulse, self.peers.own.counter + 1, now)) - 1

    def aside(self, lease: Compact) -> bytes:
        """A message for the lease alone. Raises HeartbeatError."""
        self._aside += 1
        beat = replace(self._empty(self._aside), lease=lease)
        return ASIDE + sent(beat, self._sealers["lease"], self.secret)

    def room_aside(self) -> int:
        """How many bytes such a message has."""
        return room(self._empty(self._aside + 1)) - 1 - len(ASIDE)

    @property
    def secret(self) -> Secret:
        """The newest one that all peers hold."""
        return self._keyring.to_send_with({node: ids for node, ids in self._holds.items() if node in self.peers.known})

    def secrets_of(self, node: str) -> dict[str, object]:
        """The ids of the secrets that a peer holds, and of the one it seals with, in hexadecimal; empty: nothing was heard."""
        used = self._uses.get(node)
        return {"holds": [key.hex() for key in self._holds.get(node, ())], "seals": used.hex() if used else ""}

    def replaced(self) -> bool:
        """Whether all peers are beating and use the newest secret, so that the older one may go."""
        uses = {node: self._uses.get(node) for node in self.peers.known}
        return len(self._keyring.secrets) > 1 and bool(self._keyring.replaced(uses))

    def _beat(self, pulse: Pulse, counter: int, now: float) -> Beat:
        return replace(
            self._empty(counter),
            monitor=pulse.state,
            generation=pulse.generation,
            keys=self._keyring.ids,
            seen=self.peers.seen(pulse.merged, now),
            challenged=self.peers.challenged(),
        )

    def _empty(self, counter: int) -> Beat:
        return Beat(self.peers.cluster, self._setup.node, self.incarnation, counter, self._boot)

    # -- to hear

    def hear(self, link: int, data: bytes, now: float) -> Heard:
        """Take what has arrived over a link. What is refused changes nothing but a peer's `finding`."""
        try:
            if data[:1] == ASIDE:
                return self._hear_aside(data[1:])
            arrival = arrived(data, self._openers["beat"])
        except (UnknownKey, UnknownVersion) as error:
            self.peers = self.peers.refused(error.node, str(error), now)
            return Heard(is_idle=True)
        except HeartbeatError:
            return Heard(is_idle=True)
        beat = arrival.beat
        before = self._reception(beat.node, link)
        received = self.peers.received(link, beat, now)
        self.peers = received.peers
        if received.verdict in (Verdict.NEW, Verdict.CHALLENGED):
            self._note_secrets(beat, arrival.key, received.verdict, now)
        is_new, is_strange = received.verdict is Verdict.NEW, received.verdict is Verdict.CHALLENGED
        is_idle = not is_strange and self._reception(beat.node, link) == before
        return Heard(
            beat.node,
            beat.lease if is_new else None,
            is_new=is_new,
            is_strange=is_strange,
            is_idle=is_idle,
            is_twin=received.verdict is Verdict.TWIN,
            life=0 if is_idle or is_strange else beat.incarnation,
        )

    def _hear_aside(self, data: bytes) -> Heard:
        """Only from the believed life of a peer, and only what is newer than all before."""
        beat = arrived(data, self._openers["lease"]).beat
        peer = self.peers.known.get(beat.node)
        if peer is None or beat.cluster != self.peers.cluster or beat.incarnation != peer.life.incarnation:
            return Heard(beat.node, is_idle=True)
        life, counter = self._heard_aside.get(beat.node, (0, 0))
        if life == beat.incarnation and counter >= beat.counter:
            return Heard(beat.node, is_idle=True)
        self._heard_aside[beat.node] = (beat.incarnation, beat.counter)
        return Heard(beat.node, beat.lease, is_new=True)

    def _reception(self, node: str, link: int) -> Reception | None:
        """The last one over a link."""
        peer = self.peers.known.get(node)
        return peer.receptions.get(link) if peer else None

    def _note_secrets(self, beat: Beat, key: bytes, verdict: Verdict, now: float) -> None:
        """Of who has no believed life yet too: it can only answer to what it can read."""
        if beat.node not in self.peers.known:
            return
        if verdict is Verdict.NEW or self.peers.known[beat.node].view((), now, now, self.peers.terms).contact is not Contact.BEATING:
            self._holds[beat.node], self._uses[beat.node] = beat.keys, key

    # -- to see

    def view(self, now: float) -> dict[str, PeerView]:
        """All peers."""
        return self.peers.view(now)

    def merged_by(self, view: PeerView) -> int:
        """Up to which generation a peer has our data, by its own word."""
        seen = view.beat.seen.get(self.peers.own.tag) if view.beat else None
        return seen.generation if seen and seen.incarnation == self.incarnation else 0

    def changes(self, now: float) -> float:
        """The next moment at which a view is another one though nothing arrives; infinite where there is none."""
        timeout = self.peers.terms.timeout
        moments = [
            moment + timeout
            for peer in self.peers.known.values()
            for moment in (peer.since, self.peers.listening, *_moments(peer.receptions.values()))
        ]
        return min((moment for moment in moments if moment > now), default=float("inf"))


def _moments(receptions: Iterable[Reception]) -> list[float]:
    return [moment for one in receptions for moment in (one.at, one.proven) if moment is not None]
