"""Worlds: states of a few holders and granters, and everything that can happen next in one.

Time is counted in ticks. At each instant anyone may ask, any message sent so far may arrive (once more, late, out of order, or
never), a service may stop and be released, a granter may restart and forget, voters may change; then all clocks go on, each as fast or
slow as the model says. A process that is paused is one that takes no step for some ticks. Moments are kept relative to the clock of
the process that noted them, and numbers relative to the latest one: so the states are finite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final, NamedTuple, TypeVar

from opensvc_daemon.lease.change import Change
from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.holder import Holder
from opensvc_daemon.lease.membership import Membership, Voters
from opensvc_daemon.lease.messages import Answer, Owner, Release, Request
from opensvc_daemon.lease.source import Source
from opensvc_daemon.lease.terms import LeaseTerms

# A tick is 4 seconds long, in which a slow clock counts 3 of them and a fast one 5: all sums are exact.
SLOW: Final = 3.0
FAST: Final = 5.0
TERMS: Final = LeaseTerms(lease=8.0, renewal=3.0, stop_limit=3.0, drift=0.25)
SERVICE: Final = "svc"
_T = TypeVar("_T")


class Rules(NamedTuple):
    """The code that is explored; tests break a rule and see it found."""

    holder: type[Holder] = Holder
    granter: type[Granter] = Granter
    change: type[Change] = Change
    membership: type[Membership] = Membership
    terms: LeaseTerms = TERMS


RULES: Final = Rules()


class Model(NamedTuple):
    """What there is, and what may happen to it.

    Messages on all but the last `kept` requests of a holder are lost; at the end of a tick, unless `late`, also those on requests
    that it would not count an answer to. The first holder never hears of a change of the voters unless `all_learn`.
    """

    name: str
    voters: Voters
    target: Voters | None = None
    holder_clocks: tuple[tuple[float, ...], ...] = ((SLOW,), (SLOW,))
    granter_clock: tuple[float, ...] = (FAST,)
    kept: int = 2
    late: bool = True
    all_learn: bool = False
    restarts: int = 1
    releases: bool = True

    @property
    def names(self) -> list[str]:
        """All voters there ever are."""
        lists = (self.voters, self.target) if self.target else (self.voters,)
        return sorted({member.name for voters in lists for member in voters.members})


class World(NamedTuple):
    """One state. Every clock shows 0 now. `lists` are the memberships that exist by now, each known to whom it has reached."""

    holders: tuple[Holder, ...]
    granters: tuple[Granter, ...]
    lists: tuple[Membership, ...]
    change: Change | None
    restarts: int
    messages: frozenset[Request | Answer | Release] = frozenset()


class Move(NamedTuple):
    """A step from one state to another."""

    kind: str
    who: str
    world: World

    def __str__(self) -> str:
        return f"{self.kind} {self.who}".strip()


def begin(model: Model, rules: Rules) -> World:
    """Nobody has asked, and the granters have been up for long."""
    membership = rules.membership.first(model.voters)
    holders = tuple(rules.holder(SERVICE, Owner(f"h{i}", i), rules.terms, membership) for i in range(len(model.holder_clocks)))
    granters = tuple(rules.granter(name, membership, rules.terms, 0.0) for name in model.names)
    return World(holders, granters, (membership,), None, model.restarts)


def valid(world: World) -> list[str]:
    """Whoever holds the lease at this instant."""
    return [holder.owner.node for holder in world.holders if holder.holds(0.0)]


def moves(world: World, model: Model, rules: Rules) -> Iterator[Move]:
    """Everything that can happen next."""
    for index in range(len(world.holders)):
        yield from _of_holder(world, index, model)
    for message in world.messages:
        yield from _arrivals(world, message)
    for index in range(len(world.granters)):
        yield from _of_granter(world, index, rules)
    if model.target:
        yield from _of_change(world, model.target, rules)
    yield from _ticks(world, model)


def _of_holder(world: World, index: int, model: Model) -> Iterator[Move]:
    holder = world.holders[index]
    if 0.0 not in holder.asked.values():
        asking, request = holder.ask(0.0)
        if isinstance(request, Request):
            after = world._replace(holders=_with(world.holders, index, asking))
            yield Move("ask", holder.owner.node, _renumbered(_sent(after, request), index, model.kept))
    if holder.valid_until is not None and (model.releases or not holder.holds(0.0)):
        stopped, release = holder.stopped()
        after = world._replace(holders=_with(world.holders, index, stopped))
        yield Move("stop", holder.owner.node, _sent(after, release) if model.releases else after)
    for membership in world.lists if index or model.all_learn else ():
        if membership.epoch.number > holder.source.epoch.number:
            yield Move("holder learns", holder.owner.node, world._replace(holders=_with(world.holders, index, holder.adopted(membership))))


def _arrivals(world: World, message: Request | Answer | Release) -> Iterator[Move]:
    who = f"{message.owner.node}.{message.number}"
    if isinstance(message, Answer):
        index = message.owner.incarnation
        counted = world.holders[index].answered(message, 0.0)
        yield Move("answer arrives", f"{message.voter} to {who}", world._replace(holders=_with(world.holders, index, counted)))
        return
    for index, granter in enumerate(world.granters):
        if isinstance(message, Release):
            yield Move("release arrives", who, world._replace(granters=_with(world.granters, index, granter.released(message, 0.0))))
            continue
        knows, answer = granter.asked(message, 0.0)
        if not answer.refusal:
            granted = world._replace(granters=_with(world.granters, index, knows), messages=world.messages | {answer})
            yield Move("grant", f"{granter.name} to {who}", granted)


def _of_granter(world: World, index: int, rules: Rules) -> Iterator[Move]:
    granter = world.granters[index]
    if world.restarts:
        started = rules.granter.started(granter.name, granter.membership, rules.terms, 0.0)
        restarted = world._replace(granters=_with(world.granters, index, started), restarts=world.restarts - 1)
        yield Move("restart", granter.name, restarted)
    for membership in world.lists:
        knows = granter.adopted(membership)
        if isinstance(knows, Granter) and knows is not granter:
            # The driver hears of it at once: were it later, it would only wait longer.
            change = world.change and world.change.confirmed(granter.name, knows.membership.epoch, 0.0)
            yield Move("granter learns", granter.name, world._replace(granters=_with(world.granters, index, knows), change=change))


def _of_change(world: World, target: Voters, rules: Rules) -> Iterator[Move]:
    """The driver proposes, and finishes as soon as it may or later."""
    if world.change is None:
        joint = world.lists[-1].propose(target, [granter.name for granter in world.granters])
        if isinstance(joint, Membership):
            yield Move("propose", "", world._replace(change=rules.change(joint, rules.terms), lists=(*world.lists, joint)))
        return
    finished = world.change.finish(0.0)
    if isinstance(finished, Membership) and len(world.lists) == 2:
        yield Move("finish", "", world._replace(lists=(*world.lists, finished)))


def _ticks(world: World, model: Model) -> Iterator[Move]:
    """All clocks go on: the driver's goes with the granters', all of which have to wait."""
    count = len(world.granters)
    for rates in product(*model.holder_clocks, *[model.granter_clock] * count):
        slow, fast = rates[: len(world.holders)], rates[len(world.holders) :]
        holders = tuple(_holder_later(holder, rate) for holder, rate in zip(world.holders, slow, strict=True))
        later = world._replace(
            holders=holders,
            granters=tuple(_granter_later(granter, rate) for granter, rate in zip(world.granters, fast, strict=True)),
            change=world.change and _change_later(world.change, max(model.granter_clock)),
            messages=world.messages if model.late else frozenset(one for one in world.messages if _is_of_use(one, holders)),
        )
        yield Move("tick", " ".join(f"{rate:g}" for rate in rates), later)


def _is_of_use(message: Request | Answer | Release, holders: tuple[Holder, ...]) -> bool:
    return isinstance(message, Release) or message.number in holders[message.owner.incarnation].asked


def _holder_later(holder: Holder, by: float) -> Holder:
    return holder._replace(
        asked={number: moment - by for number, moment in holder.asked.items() if moment - by > _floor(holder.source)},
        votes={voter: moment - by for voter, moment in holder.votes.items() if moment - by > _floor(holder.source)},
        valid_until=None if holder.valid_until is None else max(holder.valid_until - by, -1.0),
    )


def _granter_later(granter: Granter, by: float) -> Granter:
    grants = {service: grant._replace(until=max(grant.until - by, 0.0)) for service, grant in granter.grants.items()}
    return granter._replace(grants=grants, silent_until=max(granter.silent_until - by, 0.0))


def _change_later(change: Change, by: float) -> Change:
    floor = -change.waits()
    return change._replace(confirmations={voter: max(moment - by, floor) for voter, moment in change.confirmations.items()})


def _floor(source: Source) -> float:
    """What is longer ago than this makes no difference any more."""
    return -source.shortest


def _sent(world: World, message: Request | Release) -> World:
    return world._replace(messages=world.messages | {message})


def _renumbered(world: World, index: int, kept: int) -> World:
    """The same world with the latest request of a holder numbered `kept` at most, and messages on older requests than the first lost."""
    holder = world.holders[index]
    by = holder.number - kept
    if by <= 0:
        return world
    asked = {number - by: moment for number, moment in holder.asked.items() if number > by}
    return world._replace(
        holders=_with(world.holders, index, holder._replace(number=kept, asked=asked)),
        granters=tuple(_granter_renumbered(granter, holder.owner, by) for granter in world.granters),
        messages=frozenset(_messages_renumbered(world.messages, holder.owner, by)),
    )


def _messages_renumbered(messages: Iterable[Request | Answer | Release], owner: Owner, by: int) -> Iterator[Request | Answer | Release]:
    for message in messages:
        if message.owner != owner:
            yield message
        elif message.number > by:
            yield message._replace(number=message.number - by)


def _granter_renumbered(granter: Granter, owner: Owner, by: int) -> Granter:
    grants = {
        service: grant._replace(number=max(grant.number - by, 0)) if grant.owner == owner else grant
        for service, grant in granter.grants.items()
    }
    return granter._replace(grants=grants)


def _with(values: tuple[_T, ...], index: int, value: _T) -> tuple[_T, ...]:
    return (*values[:index], value, *values[index + 1 :])
