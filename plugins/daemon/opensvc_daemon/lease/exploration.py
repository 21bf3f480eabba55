"""Exploration: every state that a few holders and granters can reach, by the very code of this room, and whether two ever hold at once.

python -m opensvc_daemon.lease.exploration [--long]
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from opensvc_daemon.lease.holder import Holder
from opensvc_daemon.lease.membership import Member, Voters
from opensvc_daemon.lease.worlds import FAST, RULES, SLOW, Model, Rules, World, begin, moves, valid


def models(*, is_long: bool) -> list[Model]:
    """What is explored; a lease is one tick of a slow holder in the short form, and two in the long one."""
    lease = 8.0 if is_long else 4.0
    one, two, three = _voters(lease, a=1), _voters(lease, a=2, b=2), _voters(lease, a=1, b=1, c=1)
    any_clock, small = (SLOW, FAST), Model("", one, kept=1, restarts=0, releases=False, late=is_long)
    clocks = small._replace(name="clocks that change, one voter", holder_clocks=(any_clock, any_clock), granter_clock=any_clock)
    change = small._replace(name="change of voters", target=_voters(lease, a=1, b=2), all_learn=is_long, restarts=int(is_long))
    return [
        Model("late messages and releases, one voter", one),
        Model("majority and restarts, two voters", two, kept=1),
        clocks,
        *([small._replace(name="majority, three voters", voters=three)] if is_long else []),
        change,
    ]


def _voters(lease: float, **weights: int) -> Voters:
    return Voters(tuple(Member(name, weight) for name, weight in weights.items()), lease)


class Result(NamedTuple):
    """What was found: `kinds` of moves, how often, and in `trace` how two came to hold at once; that is empty where it never happens."""

    states: int
    moves: int
    kinds: Mapping[str, int]
    trace: tuple[str, ...] = ()


def explore(model: Model, rules: Rules = RULES) -> Result:
    """Visit every state, the nearest first. Ends with the first state in which two hold at once."""
    first = begin(model, rules)
    came: dict[object, tuple[object, str]] = {_key(first): (None, "")}
    ahead = deque([first])
    kinds: dict[str, int] = {}
    while ahead:
        world = ahead.popleft()
        here = _key(world)
        for move in moves(world, model, rules):
            kinds[move.kind] = kinds.get(move.kind, 0) + 1
            there = _key(move.world)
            if there in came:
                continue
            came[there] = (here, str(move))
            if len(valid(move.world)) > 1:
                return Result(len(came), sum(kinds.values()), kinds, _way(came, there))
            ahead.append(move.world)
    return Result(len(came), sum(kinds.values()), kinds)


def _key(world: World) -> object:
    """What makes two states the same."""
    return (
        tuple(_holder_key(holder) for holder in world.holders),
        tuple(
            (granter.membership.epoch.number, granter.silent_until, *(grant for grant in granter.grants.values()))
            for granter in world.granters
        ),
        len(world.lists),
        world.change and tuple(sorted(world.change.confirmations.items())),
        world.restarts,
        world.messages,
    )


def _holder_key(holder: Holder) -> object:
    asked, votes = tuple(holder.asked.items()), tuple(sorted(holder.votes.items()))
    return holder.source.epoch.number, holder.number, asked, votes, holder.valid_until


def _way(came: Mapping[object, tuple[object, str]], state: object) -> tuple[str, ...]:
    steps: list[str] = []
    while state is not None:
        before, step = came[state]
        steps.append(step)
        state = before
    return tuple(reversed(steps[:-1]))


def main(arguments: list[str]) -> int:
    """Explore, and print the number of states. 0: nobody ever held what another one held."""
    is_long = "--long" in arguments
    for model in models(is_long=is_long):
        result = explore(model)
        print(f"{model.name}: {result.states} states, {result.moves} moves", *result.trace, sep="\n  ", flush=True)
        if result.trace:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
