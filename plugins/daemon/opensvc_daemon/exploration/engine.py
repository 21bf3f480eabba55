"""The engine: from a world to all worlds that may follow it, each node deciding at once by what it knows.

A node's reaction depends on nothing but what it knows itself, so each is worked out once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from opensvc_daemon.exploration.beginning import beginning
from opensvc_daemon.exploration.carrying import carry
from opensvc_daemon.exploration.happening import happenings, left, off
from opensvc_daemon.exploration.judging import judge
from opensvc_daemon.exploration.messaging import heard, message_of
from opensvc_daemon.exploration.model import NAMES, Model
from opensvc_daemon.exploration.numbering import Numbered
from opensvc_daemon.exploration.viewing import NOW, view_of
from opensvc_daemon.exploration.world import DEAD, NOBODY, Facts, Message, Node, World, with_peer
from opensvc_daemon.orchestration.decide import decide as real_decide
from opensvc_daemon.orchestration.orders import Decision
from opensvc_daemon.orchestration.reaching import follows
from opensvc_daemon.orchestration.requests import Request, latest
from opensvc_daemon.orchestration.view import Fencing, Reach, View

Decide = Callable[[View, float], Decision]
# Decisions that a node may make without anything happening, before that counts as no end.
_TURNS = 12


class Reaction(NamedTuple):
    """A node after it has decided until there was nothing more to do."""

    node: int
    effects: frozenset[str]
    complaints: tuple[str, ...]


class Followed(NamedTuple):
    """Something that happens to a node, with its reaction. `place`: in the budget of what it takes from that, -1: of nothing.

    `facts` is None where they stay as they are; `effects` are those of the event and of the reaction.
    """

    text: str
    kind: str
    place: int
    reaction: Reaction
    effects: frozenset[str]
    facts: Facts | None = None


class Step(NamedTuple):
    """A world that follows another one."""

    text: str
    kind: str
    world: World
    complaints: tuple[str, ...] = ()


class Engine:
    """One model, explored with one decision."""

    def __init__(self, model: Model, decide: Decide | None = None) -> None:
        self.model = model
        self.decide = decide or real_decide
        self.kinds = tuple({**model.budget, "boot": 0})
        self._places = {"": -1, "timer": -1, **{kind: place for place, kind in enumerate(self.kinds)}}
        self._pairs = [(sender, receiver) for sender in range(model.nodes) for receiver in range(model.nodes) if sender != receiver]
        self._nodes: Numbered[Node] = Numbered()
        self._messages: Numbered[Message] = Numbered()
        self._reactions: dict[tuple[int, int], Reaction] = {}
        self._followed: dict[tuple[int, int, Facts], tuple[Followed, ...]] = {}
        self._silent: dict[tuple[int, int, int], Followed | None] = {}
        self._heard: dict[tuple[int, int, int, int], Followed | None] = {}
        self._sent: dict[tuple[int, int, int], int] = {}
        self._told: dict[tuple[int, int, int], int] = {}
        self._ordered: dict[tuple[int, int], Followed | None] = {}
        self.right: set[tuple[int, ...]] = set()
        self.choices: dict[tuple[int, int], tuple[object, str] | None] = {}

    def number(self, node: Node) -> int:
        """The number that stands for a node's state."""
        return self._nodes.number(node)

    def node(self, number: int) -> Node:
        """The state that a number stands for."""
        return self._nodes[number]

    def nodes(self, world: World) -> list[Node]:
        """The nodes of a world."""
        return [self._nodes[number] for number in world.nodes]

    def begin(self) -> World:
        """The first state of the model."""
        nodes, facts = beginning(self.model)
        budget = tuple(self.model.budget.get(kind, 0) for kind in self.kinds)
        mail = (-1,) * (len(nodes) ** 2) if self.model.is_delayed else ()
        return World(tuple(map(self.number, nodes)), facts, budget, (1 << len(self.model.asks)) - 1, mail)

    # -- what follows

    def steps(self, world: World) -> Iterator[Step]:
        """All that may happen next."""
        nodes, budget = world.nodes, world.budget
        lifeless = [index for index, number in enumerate(nodes) if not self._nodes.values[number].life]
        for me, number in enumerate(nodes):
            for followed in self._own(me, number, world.facts):
                if (followed.place < 0 or budget[followed.place]) and (step := self._after(world, me, followed)):
                    yield step
            for index in lifeless:
                if (silent := self._silence(me, number, index)) and (step := self._after(world, me, silent)):
                    yield step
        yield from self._slow_beats(world) if self.model.is_delayed else self._beats(world)
        if world.facts.token >= DEAD:
            yield Step(
                f"the lease of {NAMES[world.facts.token - DEAD]}'s former life runs out",
                "timer",
                world._replace(facts=world.facts._replace(token=NOBODY)),
            )
        if world.asks:
            yield from self._asked(world)

    def _own(self, me: int, number: int, facts: Facts) -> tuple[Followed, ...]:
        """What may happen to a node by itself."""
        key = (me, number, facts)
        found = self._followed.get(key)
        if found is None:
            events = [event for event in happenings(self.model, me, self._nodes[number], facts) if event.kind in self._places]
            followed = [(event, self.react(me, event.node)) for event in events]
            found = self._followed[key] = (
                *(
                    self._follow(event.text, event.kind, reaction, event.effects, event.facts)
                    for event, reaction in followed
                    if reaction.node != number or event.facts != facts or event.effects
                ),
                *self._fences(me, number),
            )
        return found

    def _follow(
        self, text: str, kind: str, reaction: Reaction, effects: frozenset[str] = frozenset(), facts: Facts | None = None
    ) -> Followed:
        return Followed(text, kind, self._places[kind], reaction, effects | reaction.effects, facts)

    def _after(self, world: World, me: int, followed: Followed) -> Step | None:
        """The world after something happened to a node; None where nothing did."""
        nodes, budget, mail, place = world.nodes, world.budget, world.mail, followed.place
        facts = world.facts if followed.facts is None else followed.facts
        changed = [*nodes[:me], followed.reaction.node, *nodes[me + 1 :]]
        for effect in followed.effects:
            facts, mail = self._affect(effect, me, changed, facts, mail)
        after = tuple(changed)
        if after == nodes and facts == world.facts and mail == world.mail:
            return None
        if place >= 0:
            budget = (*budget[:place], budget[place] - 1, *budget[place + 1 :])
        return Step(followed.text, followed.kind, World(after, facts, budget, world.asks, mail), followed.reaction.complaints)

    def _affect(self, effect: str, me: int, nodes: list[int], facts: Facts, mail: tuple[int, ...]) -> tuple[Facts, tuple[int, ...]]:
        """What a node's step does to the rest of the world."""
        if effect == "announces":
            for other in range(len(nodes)):
                if other != me:
                    nodes[other] = self._outdated(other, nodes[other], me)
            mail = tuple(self._outdated_message(number, place, me, len(nodes)) for place, number in enumerate(mail))
        elif effect == "releases":
            facts = facts._replace(token=NOBODY) if facts.token == me else facts
        elif effect == "leaves":
            nodes[me] = self.number(off(self.model, self._nodes[nodes[me]]))
            facts = left(facts, me)
        elif effect.startswith("hits"):
            target = int(effect.split()[1])
            nodes[target] = self.number(off(self.model, self._nodes[nodes[target]]))
            facts = left(facts, target)
        else:  # takes N
            loser = int(effect.split()[1])
            nodes[loser] = self.number(self._nodes[nodes[loser]]._replace(is_up=False))
        return facts, mail

    def _outdated(self, me: int, number: int, announcer: int) -> int:
        """A node that does not have a peer's latest announcement any more."""
        key = (me, number, announcer)
        if key not in self._told:
            node = self._nodes[number]
            peer = node.peers[announcer]
            self._told[key] = self.number(with_peer(node, announcer, has_theirs=False)) if peer is not None and peer.has_theirs else number
        return self._told[key]

    def _outdated_message(self, number: int, place: int, announcer: int, count: int) -> int:
        if number < 0:
            return number
        message = self._messages[number]
        sender, receiver = divmod(place, count)
        if sender == announcer:
            message = message._replace(is_latest=False)
        if receiver == announcer:
            message = message._replace(has_yours=False)
        return self._messages.number(message)

    # -- reactions

    def react(self, me: int, node: Node) -> Reaction:
        """A node decides until there is nothing more to do."""
        key = (me, self.number(node))
        if key not in self._reactions:
            self._reactions[key] = self._react(me, node)
        return self._reactions[key]

    def _react(self, me: int, node: Node) -> Reaction:
        effects: set[str] = set()
        complaints: list[str] = []
        if not node.is_on or not node.life:
            return Reaction(self.number(node), frozenset(), ())
        for _ in range(_TURNS):
            before = node
            view = view_of(self.model, me, node)
            decision = self.decide(view, NOW)
            complaints += judge(self.model, node, view, decision)
            for order in decision.orders:
                carried = carry(node, order)
                node = carried.node
                effects |= carried.effects
                complaints += carried.complaints
            if node == before or "leaves" in effects:
                return Reaction(self.number(node), frozenset(effects), tuple(complaints))
        complaints.append("7: the decision has no end, though nothing happens: " + "; ".join(map(str, decision.orders)))
        return Reaction(self.number(node), frozenset(effects), tuple(complaints))

    # -- messages

    def _beats(self, world: World) -> Iterator[Step]:
        """Each node may be heard by each other one, with what it says at this moment."""
        nodes = world.nodes
        for sender, receiver in self._pairs:
            message = self._message(sender, nodes[sender], receiver)
            if message >= 0 and (heard := self._hear(sender, receiver, nodes[receiver], message)):
                step = self._after(world, receiver, heard)
                if step is not None:
                    yield step

    def _slow_beats(self, world: World) -> Iterator[Step]:
        """Beats leave when they like, and arrive when they like."""
        for sender, receiver in self._pairs:
            place = sender * len(world.nodes) + receiver
            message, under_way = self._message(sender, world.nodes[sender], receiver), world.mail[place]
            if message >= 0 and message != under_way:
                text = f"a beat leaves {NAMES[sender]} to {NAMES[receiver]}"
                yield Step(text, "", world._replace(mail=_with(world.mail, place, message)))
            if under_way >= 0 and (heard := self._hear(sender, receiver, world.nodes[receiver], under_way)):
                step = self._after(world._replace(mail=_with(world.mail, place, -1)), receiver, heard)
                if step is not None:
                    yield step

    def _message(self, sender: int, number: int, receiver: int) -> int:
        """What a node would say to another one now; -1 where its daemon does not run."""
        key = (sender, number, receiver)
        found = self._sent.get(key)
        if found is None:
            message = message_of(self._nodes[number], receiver)
            found = self._sent[key] = -1 if message is None else self._messages.number(message)
        return found

    def _hear(self, sender: int, receiver: int, number: int, message: int) -> Followed | None:
        """What a beat makes of a node; None: nothing."""
        key = (sender, receiver, number, message)
        if key not in self._heard:
            reaction = self.react(receiver, heard(self._nodes[number], sender, self._messages[message]))
            text = f"{'the' if self.model.is_delayed else 'a'} beat of {NAMES[sender]} to {NAMES[receiver]} arrives"
            is_heard = reaction.node != number or bool(reaction.effects)
            self._heard[key] = self._follow(text, "", reaction) if is_heard else None
        return self._heard[key]

    def _silence(self, me: int, number: int, index: int) -> Followed | None:
        """A peer of which no daemon runs any more falls silent; None where it is so already."""
        key = (me, number, index)
        if key not in self._silent:
            node = self._nodes[number]
            peer = node.peers[index]
            found = None
            if peer is not None and peer.reach in {Reach.BEATING, Reach.HEARD}:
                silent = with_peer(node, index, reach=Reach.SILENT, is_delay_over=False, is_grace_over=False)
                found = self._follow(f"{NAMES[index]} falls silent to {NAMES[me]}", "timer", self.react(me, silent))
            self._silent[key] = found
        return self._silent[key]

    # -- fencing

    def _fences(self, me: int, number: int) -> Iterator[Followed]:
        """What becomes of the fence agents that a node has at work."""
        node = self._nodes[number]
        for target, peer in enumerate(node.peers):
            if peer is None or not peer.shot:
                continue
            names = f"{NAMES[me]} of {NAMES[target]}"
            if peer.shot == 1:
                hit = Reaction(self.number(with_peer(node, target, shot=2)), frozenset(), ())
                yield self._follow(f"the fencing by {names} hits", "", hit, frozenset({f"hits {target}"}))
                failed = with_peer(node, target, shot=0, fencing=Fencing.FAILED, is_retry_over=False)
                if "misfire" in self._places:
                    yield self._follow(f"the fencing by {names} fails", "misfire", self.react(me, failed))
            else:
                is_same = peer.shot_life == (peer.said.life if peer.said else 0)
                done = with_peer(node, target, shot=0, fencing=Fencing.CONFIRMED, is_gone=is_same and peer.reach is not Reach.BEATING)
                yield self._follow(f"the fencing by {names} is confirmed", "", self.react(me, done))

    # -- people

    def _asked(self, world: World) -> Iterator[Step]:
        for place, ask in enumerate(self.model.asks):
            if world.asks >> place & 1 and (asked := self._order(place, world.nodes[ask.at])):
                step = self._after(world._replace(asks=world.asks & ~(1 << place)), ask.at, asked)
                if step is not None:
                    yield step._replace(kind="ask")

    def _order(self, place: int, number: int) -> Followed | None:
        """A person asks a node for something; None where nobody listens."""
        key = (place, number)
        if key not in self._ordered:
            ask, node = self.model.asks[place], self._nodes[number]
            known = latest([node.request, *(peer.said.request for peer in node.peers if peer is not None and peer.said is not None)])
            request = follows(Request(f"{place}", ask.wish, origin=NAMES[ask.at], to=ask.to), known)
            text = " ".join(["a person asks", NAMES[ask.at], "for:", ask.wish.value, *ask.to])
            is_there = node.is_on and node.life and node.has_file
            self._ordered[key] = self._follow(text, "", self.react(ask.at, node._replace(request=request))) if is_there else None
        return self._ordered[key]


def _with(values: tuple[int, ...], place: int, value: int) -> tuple[int, ...]:
    return (*values[:place], value, *values[place + 1 :])
