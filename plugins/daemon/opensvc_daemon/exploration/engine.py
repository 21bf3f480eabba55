"""The engine: from a world to all worlds that may follow it, each node deciding at once by what it knows.

A node's reaction depends on nothing but what it knows itself, so each is worked out once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from opensvc_daemon.exploration.beginning import beginning
from opensvc_daemon.exploration.carrying import carry
from opensvc_daemon.exploration.happening import Event, happenings, left, off
from opensvc_daemon.exploration.judging import judge
from opensvc_daemon.exploration.messaging import heard, message_of
from opensvc_daemon.exploration.model import NAMES, Model
from opensvc_daemon.exploration.numbering import Numbered
from opensvc_daemon.exploration.viewing import NOW, view_of
from opensvc_daemon.exploration.world import DEAD, NOBODY, Facts, Message, Node, World, with_peer
from opensvc_daemon.orchestration.decide import decide as real_decide
from opensvc_daemon.orchestration.orders import Decision
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
    """An event of a node, with its reaction."""

    text: str
    kind: str
    facts: Facts
    effects: frozenset[str]
    reaction: Reaction


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
        self._known = frozenset({"", "timer", *self.kinds})
        self._nodes: Numbered[Node] = Numbered()
        self._messages: Numbered[Message] = Numbered()
        self._reactions: dict[tuple[int, int], Reaction] = {}
        self._followed: dict[tuple[int, int, Facts], tuple[Followed, ...]] = {}
        self._heard: dict[tuple[int, int, int, int], Reaction] = {}
        self._sent: dict[tuple[int, int, int], int] = {}
        self._told: dict[tuple[int, int, int], int] = {}
        self.agreed: set[tuple[int, ...]] = set()
        self.choices: dict[tuple[int, int], tuple[object, str]] = {}

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
        for me, number in enumerate(world.nodes):
            for followed in self._own(me, number, world.facts):
                step = self._after(world, me, followed.text, followed.kind, followed.facts, followed.effects, followed.reaction)
                if step is not None:
                    yield step
            yield from self._fences(world, me)
            yield from self._silences(world, me)
        yield from self._beats(world)
        if world.facts.token >= DEAD:
            yield Step(
                f"the lease of {NAMES[world.facts.token - DEAD]}'s former life runs out",
                "timer",
                world._replace(facts=world.facts._replace(token=NOBODY)),
            )
        yield from self._asked(world)

    def _own(self, me: int, number: int, facts: Facts) -> tuple[Followed, ...]:
        key = (me, number, facts)
        found = self._followed.get(key)
        if found is None:
            events = (event for event in happenings(self.model, me, self._nodes[number], facts) if event.kind in self._known)
            followed = (self._follow(me, event) for event in events)
            found = tuple(one for one in followed if one.reaction.node != number or one.facts != facts or one.effects)
            self._followed[key] = found
        return found

    def _follow(self, me: int, event: Event) -> Followed:
        return Followed(event.text, event.kind, event.facts, event.effects, self.react(me, event.node))

    def _after(  # noqa: PLR0917 - what happened, in the order of `Followed`
        self, world: World, me: int, text: str, kind: str, facts: Facts, effects: frozenset[str], reaction: Reaction
    ) -> Step | None:
        """The world after something happened to a node; None where nothing did, or the budget does not have it."""
        budget = world.budget
        if kind and kind != "timer":
            place = self.kinds.index(kind) if kind in self.kinds else -1
            if place < 0 or not budget[place]:
                return None
            budget = (*budget[:place], budget[place] - 1, *budget[place + 1 :])
        nodes = list(world.nodes)
        nodes[me] = reaction.node
        mail = world.mail
        for effect in effects | reaction.effects:
            facts, mail = self._affect(effect, me, nodes, facts, mail)
        after = World(tuple(nodes), facts, budget, world.asks, mail)
        if after.nodes == world.nodes and after.facts == world.facts and after.mail == world.mail:
            return None
        return Step(text, kind, after, reaction.complaints)

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
        count = len(world.nodes)
        for sender in range(count):
            for receiver in range(count):
                if sender != receiver:
                    yield from self._beat(world, sender, receiver)

    def _beat(self, world: World, sender: int, receiver: int) -> Iterator[Step]:
        names = f"{NAMES[sender]} to {NAMES[receiver]}"
        number = self._message(world, sender, receiver)
        if not self.model.is_delayed:
            if number >= 0:
                yield from self._arrives(world, sender, receiver, number, f"a beat of {names} arrives")
            return
        place = sender * len(world.nodes) + receiver
        if number >= 0 and number != world.mail[place]:
            yield Step(f"a beat leaves {names}", "", world._replace(mail=_with(world.mail, place, number)))
        if world.mail[place] >= 0:
            emptied = world._replace(mail=_with(world.mail, place, -1))
            found = list(self._arrives(emptied, sender, receiver, world.mail[place], f"the beat of {names} arrives"))
            yield from found

    def _message(self, world: World, sender: int, receiver: int) -> int:
        """What a node would say to another one now; -1 where its daemon does not run."""
        key = (sender, world.nodes[sender], receiver)
        if key not in self._sent:
            message = message_of(self._nodes[world.nodes[sender]], receiver)
            self._sent[key] = -1 if message is None else self._messages.number(message)
        return self._sent[key]

    def _arrives(self, world: World, sender: int, receiver: int, message: int, text: str) -> Iterator[Step]:
        number = world.nodes[receiver]
        key = (sender, receiver, number, message)
        if key not in self._heard:
            self._heard[key] = self.react(receiver, heard(self._nodes[number], sender, self._messages[message]))
        step = self._after(world, receiver, text, "", world.facts, frozenset(), self._heard[key])
        if step is not None:
            yield step

    def _silences(self, world: World, me: int) -> Iterator[Step]:
        """A peer of which no daemon runs any more falls silent."""
        node = self._nodes[world.nodes[me]]
        for index, peer in enumerate(node.peers):
            if peer is not None and peer.reach in {Reach.BEATING, Reach.HEARD} and not self._nodes[world.nodes[index]].life:
                silent = self.react(me, with_peer(node, index, reach=Reach.SILENT, is_delay_over=False, is_grace_over=False))
                text = f"{NAMES[index]} falls silent to {NAMES[me]}"
                step = self._after(world, me, text, "timer", world.facts, frozenset(), silent)
                if step is not None:
                    yield step

    # -- fencing

    def _fences(self, world: World, me: int) -> Iterator[Step]:
        for target, peer in enumerate(self._nodes[world.nodes[me]].peers):
            if peer is None or not peer.shot:
                continue
            node, names = self._nodes[world.nodes[me]], f"{NAMES[me]} of {NAMES[target]}"
            if peer.shot == 1:
                hit = self._hit(world, me, target)
                yield Step(f"the fencing by {names} hits", "", hit)
                failed = with_peer(node, target, shot=0, fencing=Fencing.FAILED, is_retry_over=False)
                step = self._after(world, me, f"the fencing by {names} fails", "misfire", world.facts, frozenset(), self.react(me, failed))
            else:
                is_same = peer.shot_life == (peer.said.life if peer.said else 0)
                done = with_peer(node, target, shot=0, fencing=Fencing.CONFIRMED, is_gone=is_same and peer.reach is not Reach.BEATING)
                step = self._after(world, me, f"the fencing by {names} is confirmed", "", world.facts, frozenset(), self.react(me, done))
            if step is not None:
                yield step

    def _hit(self, world: World, me: int, target: int) -> World:
        nodes = _with(world.nodes, me, self.number(with_peer(self._nodes[world.nodes[me]], target, shot=2)))
        nodes = _with(nodes, target, self.number(off(self.model, self._nodes[nodes[target]])))
        return world._replace(nodes=nodes, facts=left(world.facts, target))

    # -- people

    def _asked(self, world: World) -> Iterator[Step]:
        for place, ask in enumerate(self.model.asks):
            node = self._nodes[world.nodes[ask.at]]
            if not world.asks >> place & 1 or not node.is_on or not node.life:
                continue
            known = latest([node.request, *(peer.said.request for peer in node.peers if peer is not None and peer.said is not None)])
            request = Request(f"{place}", ask.wish, known.sequence + 1 if known else 1, NAMES[ask.at], ask.to)
            text = " ".join(["a person asks", NAMES[ask.at], "for:", ask.wish.value, *ask.to])
            asked = world._replace(asks=world.asks & ~(1 << place))
            step = self._after(asked, ask.at, text, "", asked.facts, frozenset(), self.react(ask.at, node._replace(request=request)))
            if step is not None:
                yield step._replace(kind="ask")


def _with(values: tuple[int, ...], place: int, value: int) -> tuple[int, ...]:
    return (*values[:place], value, *values[place + 1 :])
