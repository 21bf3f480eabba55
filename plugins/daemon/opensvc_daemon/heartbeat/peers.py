"""The peers of a node: who of them is heard, who hears us, who is stale.

Two things are told apart. That a peer is *heard* is known from what arrives, which may be late. That it *was alive* at some moment of our
clock is known from its echo of a beat that we sent at that moment: no delay can make that younger.

Who was paused (a stopped virtual machine, a hung process) has missed what was said meanwhile and finds all peers silent. So `tick` is
called with each interval, and when the last one is longer ago than `terms.pause`, listening begins anew: until a timeout has passed no
peer is stale, but `LISTENING` unless it is heard. Read what has arrived before asking for a view.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from opensvc_daemon.heartbeat.beat import LINKS, Beat, Echo, Seen
from opensvc_daemon.heartbeat.own import Own
from opensvc_daemon.heartbeat.peer import Peer
from opensvc_daemon.heartbeat.replay import Verdict
from opensvc_daemon.heartbeat.tags import Tag, tag_of
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.heartbeat.views import PeerView

# Challenges in one beat: more take turns, so that a start of the whole cluster needs no larger beats.
CHALLENGES: Final = 8


class Received(NamedTuple):
    """What a beat made of the peers, and what it was."""

    peers: Peers
    verdict: Verdict


@dataclass(frozen=True)
class Peers:
    """All peers of one node. `is_overtaken`: a peer has heard beats of our life that we did not send, see `received`."""

    own: Own
    cluster: Tag
    known: Mapping[str, Peer]
    links: frozenset[int]
    terms: Terms
    listening: float
    ticked: float
    is_overtaken: bool = False

    def configured(self, nodes: Iterable[str], links: Iterable[int], now: float) -> Peers:
        """The same with other peers and links; what is known of those that stay is kept. Raises ValueError: a link's number is over 31."""
        numbers = frozenset(links)
        if wrong := [link for link in numbers if not 0 <= link < LINKS]:
            raise ValueError(f"links are numbered from 0 to {LINKS - 1}: {wrong}")
        names = sorted(set(nodes) - {self.own.node})
        known = {name: self.known[name].over(numbers, now) if name in self.known else Peer(now) for name in names}
        return replace(self, known=known, links=numbers)

    def tick(self, now: float) -> Peers:
        """The same after one more round of our own; one that comes too late begins to listen anew."""
        return replace(self, ticked=now, listening=now if self._is_paused(now) else self.listening)

    def sent(self, counter: int, now: float) -> Peers:
        """The same with a beat that goes out now: to be noted before it does. Raises ValueError: the counter does not grow."""
        return replace(self, own=self.own.sent(counter, now, self.terms.timeout))

    def received(self, link: int, beat: Beat, now: float) -> Received:
        """What an opened beat says. A beat that echoes a counter that we have not reached shows that our memory was set back (a snapshot
        of a virtual machine), or that another node has our name and life: we are overtaken and have to begin a new life."""
        if beat.node == self.own.node and beat.cluster == self.cluster:
            return Received(self, Verdict.OWN if beat.incarnation == self.own.incarnation else Verdict.TWIN)
        if beat.cluster != self.cluster or beat.node not in self.known or link not in self.links:
            return Received(self, Verdict.FOREIGN)
        answer = self.own.answer(beat)
        peer, verdict = self.known[beat.node].received(link, beat, answer, self.own.counter, now)
        is_overtaken = self.is_overtaken or answer.counter > self.own.counter
        return Received(replace(self, known={**self.known, beat.node: peer}, is_overtaken=is_overtaken), verdict)

    def refused(self, node: str, text: str, now: float) -> Peers:
        """The same after something that could not be read came under the name of a node; it changes no contact, as anybody can send it."""
        if node not in self.known:
            return self
        return replace(self, known={**self.known, node: replace(self.known[node], refusal=(text, now))})

    def seen(self, merged: Mapping[str, int], now: float) -> dict[Tag, Seen]:
        """What our next beat says of the peers; `merged`: up to which generation we have the data of each."""
        said = {name: peer.seen(merged.get(name, 0), now, self.terms) for name, peer in self.known.items()}
        return {tag_of(name): each for name, each in said.items() if each}

    def challenged(self) -> dict[Tag, Echo]:
        """The lives that our next beat challenges."""
        waiting = [(tag_of(name), peer.life.challenged) for name, peer in self.known.items()]
        due = [(tag, life) for tag, life in waiting if life]
        turn = self.own.counter * CHALLENGES % max(len(due), 1)
        return dict([*due[turn:], *due[:turn]][:CHALLENGES])

    def view(self, now: float) -> dict[str, PeerView]:
        """What is known of each peer."""
        listening = None if self._is_paused(now) else self.listening
        return {name: peer.view(sorted(self.links), listening, now, self.terms) for name, peer in self.known.items()}

    def _is_paused(self, now: float) -> bool:
        return now - self.ticked > self.terms.pause


def begun(own: Own, cluster: str, *, nodes: Iterable[str], links: Iterable[int], terms: Terms, now: float) -> Peers:
    """The peers of a life that begins: none was heard. Raises ValueError: terms that don't fit one another, links over 31."""
    if findings := terms.findings():
        raise ValueError("; ".join(findings))
    return Peers(own, tag_of(cluster), {}, frozenset(), terms, now, now).configured(nodes, links, now)
