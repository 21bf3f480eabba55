"""Paths: what a driver promises of folders whose names have blanks, and letters of any alphabet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from opensvc_core.errors import ActionFailed
from opensvc_core.instance.executors import Noted
from opensvc_core.testing.bench import Bench, changes
from opensvc_core.testing.judging import as_planned, completes, kept

_NAME: Final = "other zażółć 日本"
_WHERE: Final = "where a path has blanks and letters of any alphabet"


def place_beside(bench: Bench) -> Path:
    """Where the folder of another case is to stand, beside that of this one; who takes its first word for the whole finds a folder too."""
    place = bench.folder.parent / _NAME
    for folder in (place, _decoy(place)):
        folder.mkdir()
    return place


def does_anywhere(bench: Bench, *actions: str) -> None:
    """These actions, one after the other, do what is planned, and touch nothing beside the folder of the case."""
    __tracebackhide__ = True
    before = _beside(bench)
    for action in actions:
        planned = _planned(bench, action)
        done = completes(bench, action, f"{action} completes {_WHERE}")
        as_planned(planned, changes(done), f"{action} {_WHERE}")
        after = _beside(bench)
        kept(after == before, f"{action} touches its own folder alone {_WHERE}", f"before: {before}\n  after: {after}", action)


def _planned(bench: Bench, action: str) -> list[Noted]:
    __tracebackhide__ = True
    try:
        return bench.planned(action)
    except ActionFailed as error:
        raise AssertionError(f"the promise is broken: {action} is planned {_WHERE}\n  its plan failed: {error}") from error


def _decoy(place: Path) -> Path:
    return place.with_name(place.name.partition(" ")[0])


def _beside(bench: Bench) -> list[str]:
    """What is in the folder around that of the case, and in the decoy."""
    place = bench.folder.parent
    decoy = _decoy(place)
    return sorted(map(str, [*place.iterdir(), *([decoy] if decoy.exists() else []), *decoy.rglob("*")]))
