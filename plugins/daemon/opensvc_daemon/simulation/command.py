"""om simulate CONFIG: what a configuration does when things go wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opensvc_core.api import UsageError
from opensvc_daemon.simulation.cluster import ClusterSetup
from opensvc_daemon.simulation.configuration import cluster_of
from opensvc_daemon.simulation.faults import FAULTS, beset
from opensvc_daemon.simulation.run import Result, simulate
from opensvc_daemon.simulation.shrink import shrink
from opensvc_daemon.simulation.story import Story, parse
from opensvc_daemon.simulation.timeline import printed

BROKEN = 1
FAULTS_BY_DEFAULT = 5
# Faults that happen between two nodes.
_OF_TWO = frozenset({"cut", "weather", "confirming"})


def run(session: Any, arguments: Any) -> int:
    """Print the timeline, or with --seeds what goes wrong in the first story in which something does. 0: none does."""
    more: Mapping[str, Any] = arguments.more
    place = Path(arguments.positionals[0])
    if more.get("faults") == "help":
        print("\n".join(FAULTS), file=session.stdout)
        return 0
    _refuse_idle(place, more)
    try:
        stories = list(_stories(place, more, session))
    except UnicodeDecodeError as error:
        raise UsageError(f"{more.get('story') or place}: byte {error.start} is no UTF-8; is it a story?") from error
    except OSError as error:
        raise UsageError(f"{error.filename or place}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{more.get('story') or place}: {error}") from error
    if more.get("shows_story"):
        print("\n".join(map(str, stories)), end="", file=session.stdout)
        return 0
    return _many(session, stories) if more.get("seeds") else _one(session, stories[0])


def _refuse_idle(place: Path, more: Mapping[str, Any]) -> None:
    """Raise UsageError for an option that a story leaves nothing to do."""
    is_story = place.suffix == ".story"
    if not is_story and not more.get("story"):
        return
    for name in ("seed", "seeds", "faults", *(["story"] if is_story else [])):
        if more.get(name) is not None:
            raise UsageError(f"--{name} has no effect on a story, which says itself what happens: leave it out")


def _stories(place: Path, more: Mapping[str, Any], session: Any) -> Iterator[Story]:
    if place.suffix == ".story":
        yield parse(place.read_text())
        return
    setup = cluster_of(place, session.node)
    if more.get("story"):
        yield parse(Path(more["story"]).read_text(), setup)
        return
    first, faults = more.get("seed") or 0, more.get("faults") or str(FAULTS_BY_DEFAULT)
    count, kinds = (int(faults), ()) if faults.isdecimal() else (FAULTS_BY_DEFAULT, tuple(faults.split(",")))
    kinds = _possible(setup, kinds)
    for seed in range(first, first + (more.get("seeds") or 1)):
        yield beset(setup, seed, count, kinds)


def _possible(setup: ClusterSetup, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds of faults that the cluster has nodes enough for. Raises ValueError where one was asked for that it has not."""
    if len(setup.names) > 1:
        return kinds
    if found := [kind for kind in kinds if kind in _OF_TWO]:
        raise ValueError(f"the fault {found[0]!r} needs two nodes, and 'nodes' names only {setup.names[0]}")
    return kinds or tuple(kind for kind in FAULTS if kind not in _OF_TWO)


def _one(session: Any, story: Story) -> int:
    result = simulate(story)
    print(printed(result.lines), end="", file=session.stdout)
    _conclude(session, result)
    return 0 if result.is_ok else BROKEN


def _many(session: Any, stories: list[Story]) -> int:
    for number, story in enumerate(stories, 1):
        result = simulate(story)
        if not result.is_ok:
            shortest = shrink(result)
            print(f"{story.seed}: shrunk to this story, which `om simulate FILE.story` tells:\n\n{shortest.story}", file=session.stdout)
            print(printed(shortest.lines), end="", file=session.stdout)
            _conclude(session, shortest)
            return BROKEN
        if session.stderr.isatty():
            print(f"\r{number} of {len(stories)}", end="", file=session.stderr, flush=True)
    print(f"{len(stories)} stories, {sum(len(one.events) for one in stories)} events: every invariant holds", file=session.stdout)
    return 0


def _conclude(session: Any, result: Result) -> None:
    for exception in result.exceptions:
        print(f"as is to be expected: {exception}", file=session.stdout)
    for violation in result.violations:
        print(f"broken: {violation}", file=session.stdout)
