"""A run: a story told to its end, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.simulation.faults import story_of
from opensvc_daemon.simulation.happenings import Happenings
from opensvc_daemon.simulation.history import Interval
from opensvc_daemon.simulation.invariants import Violation
from opensvc_daemon.simulation.story import Story
from opensvc_daemon.simulation.timeline import Line
from opensvc_daemon.simulation.world import Decide, World

# Seconds between looks whether all is at rest, and for how long it has to be.
LOOK, REST = 10.0, 30.0


class Result(NamedTuple):
    """What came of a story. `seconds` of virtual time passed; `decisions` were made."""

    story: Story
    violations: tuple[Violation, ...]
    exceptions: tuple[str, ...]
    lines: tuple[Line, ...]
    history: tuple[Interval, ...]
    seconds: float
    decisions: int
    steps: int

    @property
    def is_ok(self) -> bool:
        """No invariant was broken."""
        return not self.violations


def simulate(story: Story | int, decide: Decide = decide, *, leaps: bool = True) -> Result:
    """Tell a story, or that of a seed, to its end or to the first violation.

    Parameters:
        decide: another decision than the real one.
        leaps: whether beats that change nothing may be skipped; what happens is the same.
    """
    story = story_of(story) if isinstance(story, int) else story
    telling = Telling(story, decide, leaps=leaps)
    telling.tell()
    return telling.result()


class Telling:
    """A story being told; for whoever wants to look at the world on the way."""

    def __init__(self, story: Story, decide: Decide = decide, *, leaps: bool = True) -> None:
        self.story = story
        self.world = World(story.setup, story.seed, decide, leaps=leaps)
        happenings = Happenings(self.world)
        for machine in self.world.machines.values():
            machine.boot()
        for event in story.events:
            self.world.agenda.at(event.at, partial(happenings.happen, event))
        self.world.agenda.at(story.calm, happenings.calm)

    def tell(self) -> None:
        """To the end."""
        self._run(self.story.calm)
        rested = 0.0
        for moment in self._looks():
            self._run(moment)
            if self._is_over():
                return
            rested = rested + LOOK if not self.world.referee.complaints() else 0.0
            if rested >= REST:
                break
        for text in self.world.referee.disagreements():
            self.world.referee.object("same choice", text)
        for invariant, text in self.world.referee.complaints():
            self.world.referee.object(invariant, text)

    def result(self) -> Result:
        """What came of it so far."""
        world, referee = self.world, self.world.referee
        return Result(
            *(self.story, tuple(referee.violations), tuple(referee.exceptions), tuple(world.lines), tuple(world.history.all())),
            world.agenda.now,
            world.decisions,
            world.agenda.steps,
        )

    def _looks(self) -> Iterator[float]:
        moment = self.story.calm + LOOK
        while moment <= self.story.calm + self.story.patience:
            yield moment
            moment += LOOK

    def _run(self, until: float) -> None:
        if not self._is_over():
            self.world.run(until)

    def _is_over(self) -> bool:
        return self.world.is_stopped
