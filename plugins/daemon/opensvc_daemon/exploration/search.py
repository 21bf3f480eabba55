"""The search: all worlds of a model, the nearest first, and the shortest way to one in which something is wrong."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from opensvc_daemon.exploration.engine import Decide, Engine, Step
from opensvc_daemon.exploration.model import Model
from opensvc_daemon.exploration.settling import Settler
from opensvc_daemon.exploration.telling import tell
from opensvc_daemon.exploration.truth import wrong
from opensvc_daemon.exploration.world import World


class Found(NamedTuple):
    """A world in which something is wrong: what, and how it came to that."""

    complaints: tuple[str, ...]
    way: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*self.complaints, *self.way])


class Result(NamedTuple):
    """What a search came to. `is_complete`: every world of the model was visited."""

    model: str
    states: int
    moves: int
    depth: int
    healed: int
    seconds: float
    is_complete: bool
    found: Found | None = None

    def __str__(self) -> str:
        speed = self.moves / self.seconds if self.seconds else 0
        end = "all of them" if self.is_complete else "the nearest"
        return (
            f"{self.model}: {self.states} states ({end}), {self.depth} steps deep, {self.moves} moves, {self.healed} healed, "
            f"{self.seconds:.1f} s, {speed:.0f} moves/s, {self.states / self.seconds if self.seconds else 0:.0f} states/s"
        )


class Search:
    """A breadth-first search: worlds in the order in which they were found, each with the one it came from."""

    def __init__(self, model: Model, decide: Decide | None = None) -> None:
        self.model = model
        self.engine = Engine(model, decide)
        self.settler = Settler(self.engine)
        self.worlds: list[World] = []
        self.came = array("l")
        self.depths = array("h")
        self._numbers: dict[World, int] = {}
        self.moves = self.healed = 0

    def run(self) -> Result:
        """Visit worlds until all are visited, the limit is reached, or something is wrong."""
        began, first = time.monotonic(), self.engine.begin()
        self._numbers[first] = 0
        self._add(first, -1)
        place, found = 0, self._judged(0)
        while place < len(self.worlds) and found is None and len(self.worlds) < self.model.limit:
            found = self._expand(place) if not self.model.depth or self.depths[place] < self.model.depth else None
            place += 1
        is_complete = place == len(self.worlds) and not self.model.depth
        depth = self.depths[-1]
        return Result(self.model.name, len(self.worlds), self.moves, depth, self.healed, time.monotonic() - began, is_complete, found)

    def _expand(self, place: int) -> Found | None:
        for step in self.engine.steps(self.worlds[place]):
            self.moves += 1
            if step.complaints:
                return self._found(place, step, step.complaints)
            if self._numbers.setdefault(step.world, len(self.worlds)) == len(self.worlds):
                self._add(step.world, place)
                if found := self._judged(len(self.worlds) - 1):
                    return found
        return None

    def _add(self, world: World, place: int) -> None:
        self.worlds.append(world)
        self.came.append(place)
        self.depths.append(self.depths[place] + 1 if place >= 0 else 0)

    def _judged(self, place: int) -> Found | None:
        """What must hold of a world as a whole, and, of some, of what they come to."""
        world = self.worlds[place]
        if complaints := tuple(wrong(self.engine, world)):
            return Found(complaints, tuple(self.way(place)))
        if place % self.model.samples == 0:
            self.healed += 1
            rest = self.settler.settle(world)
            if rest.complaints:
                told = tell(self.engine, rest.world)
                return Found(rest.complaints, (*self.way(place), "then all is healed:", *rest.way, *told))
        return None

    def _found(self, place: int, step: Step, complaints: tuple[str, ...]) -> Found:
        return Found(complaints, (*self.way(place), step.text, *tell(self.engine, step.world)))

    def way(self, place: int) -> Iterator[str]:
        """How a world came to be: each event, with what the nodes that it changed know then."""
        line: list[int] = []
        while place >= 0:
            line.append(place)
            place = self.came[place]
        line.reverse()
        yield from tell(self.engine, self.worlds[line[0]])
        for before, after in pairwise(line):
            old, new = self.worlds[before], self.worlds[after]
            yield next(step.text for step in self.engine.steps(old) if step.world == new)
            yield from tell(self.engine, new, old)


def explore(model: Model, decide: Decide | None = None) -> Result:
    """Explore a model, with another decision where one is given."""
    return Search(model, decide).run()
