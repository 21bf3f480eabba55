"""A story's file: a story as the simulator tells it, and below it, behind bars, what came of it.

Told are: where each service became active or ended to be so, and when; what is at the moment of its line `calm`, before
anything is repaired; and the explanation of each service by every node whose daemon lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opensvc_daemon.orchestration.explain import explain
from opensvc_daemon.simulation.history import Interval
from opensvc_daemon.simulation.run import Telling
from opensvc_daemon.simulation.story import Story, parse
from opensvc_daemon.simulation.viewing import view_of

from stage.script import BAR
from stage.worded import worded

_MOMENT = 0.001


def told(text: str) -> str:
    """The file with what came of it today. Raises ValueError for a story in which an invariant was broken."""
    lines = [line for line in text.splitlines() if not line.startswith(BAR)]
    answers = _outcome(parse("\n".join(lines)))
    return "\n".join([*lines, *(f"{BAR} {answer}".rstrip() for answer in answers)]) + "\n"


def _outcome(story: Story) -> Iterator[str]:
    telling = Telling(story)
    telling.world.run(story.calm - _MOMENT)
    result = telling.result()
    if result.violations:
        raise ValueError("\n".join(map(str, result.violations)))
    yield from _changes(story, result.history)
    for service in story.setup.services:
        active = telling.world.history.active(service.path)
        yield f"at the end {service.path} is up on {' and '.join(active) or 'no node'}"
    for machine in telling.world.machines.values():
        if machine.monitor is not None:
            for path in machine.monitor.instances:
                yield from worded(explain(view_of(machine.monitor), machine.now, path))


def _changes(story: Story, history: Iterable[Interval]) -> Iterator[str]:
    """When something became active or ended, in seconds since the event before it."""
    changes = [(one.start, 0, f"{one.service} is up on {one.node}") for one in history]
    changes += [(one.end, 1, f"{one.service} is down on {one.node}") for one in history if one.end < story.calm]
    for at, _, what in sorted(changes):
        before = [event for event in story.events if event.at <= at]
        what_before = f"'{' '.join((before[-1].kind, *before[-1].words))}'" if before else "the boot"
        yield f"{what}, {at - (before[-1].at if before else 0.0):.0f}s after {what_before}"
