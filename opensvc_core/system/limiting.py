"""Limiting: limits written to control groups, in whichever hierarchy of this host has the controller."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from opensvc_core.model.limits import Limits, ProcessGroup, Unmet
from opensvc_core.system.cgroups import ControlGroups, make_in, safe_name
from opensvc_core.system.controllers import Entry, entries, neutral
from opensvc_core.system.hierarchies import Tree

# How often processes are looked for that were started while their parents were moved.
_ROUNDS: Final = 5

_Reason = tuple[str, str]


class Limiter:
    """Sets the limits of groups.

    Parameters: `groups` are ours on this host; `processors` is what `@all` stands for.
    """

    def __init__(self, groups: ControlGroups, processors: int | None = None) -> None:
        self._groups, self._processors = groups, processors or os.cpu_count() or 1

    def apply(self, chain: Sequence[ProcessGroup], name: str) -> list[Unmet]:
        """Make the group `name`, and set the limits of the groups in `chain`: of it and those above it, the outermost first.

        The processes that are in them come under the limits too; a limit that a group has had and is not given now is taken
        back. Returns what this host does not hold. Raises ActionRefused or ActionFailed where it lets us make no group.
        """
        # first of all, because an action on a neighbour removes the groups above while they are empty
        self._groups.make(name)
        return [Unmet(group.owner, *unmet) for group in chain for unmet in self._limit(group.path, group.limits)]

    def has_limits(self, group: str) -> bool:
        """Whether a group has, or may have, limits to take back."""
        return any((tree.base / safe_name(group)).is_dir() for tree in self._groups.others) or any(
            _differs(self._groups.directory(group), entry) for entry in neutral({}, 2)
        )

    def _limit(self, group: str, limits: Limits) -> list[_Reason]:
        """Set the limits of one group; the keywords that can't be held, and why."""
        for place in self._groups.trees:
            _take_back(place, place.base / safe_name(group), limits)
        wanted = [
            (entry, tree)
            for version in (2, 1)
            for entry in entries(limits, version, self._processors)
            if (tree := self._tree(entry.controller, version)) is not None
        ]
        held = {entry.keyword for entry, _ in wanted}
        missing = {entry.keyword: entry.controller for entry in entries(limits, 1, self._processors) if entry.keyword not in held}
        # memory, and memory with swap: which of the two may be written first depends on what is there
        for _ in range(2):
            unmet = [one for entry, tree in wanted if (one := self._hold(group, entry, tree))]
        return list(dict.fromkeys([*((keyword, f"this host has no controller {name}") for keyword, name in missing.items()), *unmet]))

    def _tree(self, controller: str, version: int) -> Tree | None:
        return next((tree for tree in self._groups.trees if tree.version == version and controller in tree.controllers), None)

    def _hold(self, group: str, entry: Entry, tree: Tree) -> _Reason | None:
        """Write an entry; why that can't be done."""
        if not entry.choices:
            return (entry.keyword, entry.reason) if entry.reason else None
        directory = tree.base / safe_name(group)
        try:
            if tree.version == 2:
                _enable(tree.base, directory, entry.controller)
            else:
                self._bring_in(tree, group)
        except OSError as error:
            return entry.keyword, f"controller {entry.controller}: {error.filename or directory}: {error.strerror}"
        reason = _write(directory, entry)
        return (entry.keyword, f"controller {entry.controller}: {reason}") if reason else None

    def _bring_in(self, tree: Tree, group: str) -> None:
        """Make a group of version 1, with all that stands below it in our own hierarchy, and its processes."""
        base = self._groups.base
        for place, _, _ in os.walk(self._groups.directory(group)):
            target = make_in(tree, Path(place).relative_to(base))
            for _ in range(_ROUNDS):
                outside = set(_pids(Path(place))) - set(_pids(target))
                if not outside or tree.base == base:
                    break
                for pid in outside:
                    with suppress(ProcessLookupError):
                        (target / "cgroup.procs").write_text(str(pid), encoding="ascii")


def _enable(base: Path, directory: Path, controller: str) -> None:
    """Let a group of version 2 have a controller: each of those above gives it to those below. Raises OSError."""
    above = [group for group in directory.parents if group == base or base in group.parents]
    for group in reversed(above):
        file = group / "cgroup.subtree_control"
        if controller not in file.read_text(encoding="ascii").split():
            file.write_text(f"+{controller}", encoding="ascii")


def _write(directory: Path, entry: Entry) -> str:
    """Write the best of the choices of an entry; why the kernel refuses it, or an empty text."""
    file, text = next((choice for choice in entry.choices if (directory / choice[0]).exists()), ("", ""))
    if not file:
        return f"this kernel has no {entry.choices[0][0]}"
    try:
        (directory / file).write_text(text, encoding="ascii")
    except OSError as error:
        if file.startswith("cpuset.") and _has_narrowed(directory, file, text):
            return ""
        return f"{file} = {text}: {error.strerror}"
    return ""


def _has_narrowed(directory: Path, file: str, text: str) -> bool:
    """In version 1 a cpuset holds what those below it hold: take from them first what it loses."""
    wanted = _numbers(text)
    try:
        for place, _, _ in os.walk(directory, topdown=False):
            kept = _numbers((Path(place) / file).read_text(encoding="ascii")) & wanted
            (Path(place) / file).write_text(",".join(map(str, sorted(kept or wanted))), encoding="ascii")
        (directory / file).write_text(text, encoding="ascii")
    except OSError:
        return False
    return True


def _take_back(tree: Tree, directory: Path, limits: Limits) -> None:
    """Set what is not limited any more to what it is without a limit."""
    if not directory.is_dir():
        return
    for entry in neutral(limits, tree.version):
        if entry.controller in tree.controllers and _differs(directory, entry):
            _write(directory, entry)
    if tree.version == 1 and "cpuset" in tree.controllers:
        for keyword, file in (("pg_cpus", "cpuset.cpus"), ("pg_mems", "cpuset.mems")):
            if keyword not in limits:
                _write(directory, Entry(keyword, "cpuset", ((file, (directory.parent / file).read_text(encoding="ascii").strip()),)))


def _differs(directory: Path, entry: Entry) -> bool:
    """Whether a group has another value than an entry; not where it has no such file."""
    for file, text in entry.choices:
        with suppress(OSError):
            return (directory / file).read_text(encoding="ascii").strip() != text
    return False


def _pids(directory: Path) -> list[str]:
    try:
        return (directory / "cgroup.procs").read_text(encoding="ascii").split()
    except OSError:
        return []


def _numbers(text: str) -> set[int]:
    return {number for first, last in _ranges(text) for number in range(first, last + 1)}


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for word in filter(None, text.strip().split(",")):
        first, _, last = word.partition("-")
        yield int(first), int(last or first)
