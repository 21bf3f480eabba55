"""Shrinking: from a long story in which an invariant breaks to a short one, in which a person sees why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.simulation.cluster import ServiceSetup
from opensvc_daemon.simulation.events import Event
from opensvc_daemon.simulation.run import Result, simulate
from opensvc_daemon.simulation.story import Story
from opensvc_daemon.simulation.world import Decide

Fails = Callable[[Story], bool]
Item = TypeVar("Item")
# Stories that are tried at most.
LIMIT = 400
# Moments are moved to the first of these grids, in seconds, on which it still breaks.
GRIDS = (10.0, 5.0, 1.0, 0.1)


class Shrinking:
    """One story being shrunk. `tries` counts the stories that were told for it."""

    def __init__(self, fails: Fails, limit: int = LIMIT) -> None:
        self._fails, self._limit = fails, limit
        self.tries = 0

    def shrink(self, story: Story) -> Story:
        """Leave out events and services, and round moments, until nothing more can go."""
        while True:
            smaller = self._rounded(self._without_services(self._without_events(story)))
            if smaller == story or self.tries >= self._limit:
                return smaller
            story = smaller

    def _still_fails(self, story: Story) -> bool:
        if self.tries >= self._limit:
            return False
        self.tries += 1
        return self._fails(story)

    def _without_events(self, story: Story) -> Story:
        """Half of them at once, then a quarter, … then each alone."""
        events, size = list(story.events), max(1, len(story.events) // 2)
        while True:
            for rest in _without(events, size):
                if self._still_fails(story._replace(events=tuple(rest))):
                    events = list(rest)
                    break
            else:
                if size == 1:
                    return story._replace(events=tuple(events))
                size //= 2
            size = max(1, min(size, len(events)))
            if not events:
                return story._replace(events=())

    def _without_services(self, story: Story) -> Story:
        for service in story.setup.services:
            rest = tuple(one for one in story.setup.services if one.path != service.path)
            named = {word for one in story.events for word in one.words}
            if rest and service.path not in named:
                smaller = story._replace(setup=story.setup._replace(services=tuple(_alone(one, service.path) for one in rest)))
                if self._still_fails(smaller):
                    story = smaller
        return story

    def _rounded(self, story: Story) -> Story:
        """Moments on a coarse grid, one after the other, and no long quiet before the end."""
        for place, one in enumerate(story.events):
            for moved in _moved(story, place, one):
                if self._still_fails(moved):
                    story = moved
                    break
        last = max((one.at for one in story.events), default=0.0)
        sooner = story._replace(calm=float(int(last) + 30))
        return sooner if sooner.calm < story.calm and self._still_fails(sooner) else story


def _without(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The rest, with each stretch of that size left out, the last one first."""
    for start in reversed(range(0, len(items), size)):
        yield [*items[:start], *items[start + size :]]


def _alone(service: ServiceSetup, gone: str) -> ServiceSetup:
    """The same without its relations to a service that is not there any more."""
    relations = ("parents", "children", "hard_affinity", "hard_anti_affinity", "soft_affinity", "soft_anti_affinity")
    left: dict[str, Any] = {name: tuple(one for one in getattr(service, name) if one != gone) for name in relations}
    return service._replace(**left)


def _moved(story: Story, place: int, one: Event) -> Iterator[Story]:
    for grid in GRIDS:
        at = round(one.at / grid) * grid
        if at == one.at:
            return
        events = sorted((*story.events[:place], one._replace(at=at), *story.events[place + 1 :]), key=lambda event: event.at)
        if at >= story.events[0].at // 10 * 10:
            yield story._replace(events=tuple(events))


def shrink(result: Result, decide: Decide = decide, limit: int = LIMIT) -> Result:
    """The shortest story found that breaks the invariant which a result broke first, told."""
    invariant = result.violations[0].invariant

    def fails(story: Story) -> bool:
        violations = simulate(story, decide).violations
        return bool(violations) and violations[0].invariant == invariant

    return simulate(Shrinking(fails, limit).shrink(result.story), decide)
