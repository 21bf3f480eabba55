"""A tree: the data of a node as JSON has it, and the changes that lead from one tree to another.

A list is a value like a number: it changes as a whole.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from opensvc_daemon.heartbeat.errors import Unreadable, Unsendable

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Tree: TypeAlias = dict[str, Value]
Path: TypeAlias = tuple[str, ...]

DEEPEST: Final = 32
# Of a text that may stand in many places: a key, a status, an id.
_SHORT: Final = 32


class Put(NamedTuple):
    """Set what is at a path, whose parent is there."""

    path: Path
    value: Value

    def alike(self, other: Tree) -> Put:
        """The same, see `alike`."""
        return Put(tuple(map(_common, self.path)), alike(self.value, _at(other, self.path)))


class Drop(NamedTuple):
    """Remove what is at a path."""

    path: Path

    def alike(self, _other: Tree) -> Drop:
        """The same."""
        return self


Change: TypeAlias = Put | Drop


def canonical(value: object, deepest: int = DEEPEST) -> bytes:
    """The one JSON of a value: keys sorted, no spaces, UTF-8. Raises Unsendable: it is no JSON, or deeper than `deepest`."""
    _check(value, deepest)
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise Unsendable(f"no data to send: {error}") from error


def parsed(data: bytes, deepest: int = DEEPEST) -> Value:
    """The value of some JSON. Raises Unreadable."""
    try:
        value: Value = json.loads(data, parse_constant=_no_constant)
        canonical(value, deepest)
    except (ValueError, RecursionError, Unsendable) as error:
        raise Unreadable(f"no JSON to read: {error}") from error
    return value


def copied(tree: Tree) -> Tree:
    """The same tree, shared with nobody. Raises Unsendable."""
    copy: Tree = json.loads(canonical(tree))
    return copy


def differences(old: Tree, new: Tree) -> tuple[Change, ...]:
    """The changes that lead from one tree to another; none where they are the same."""
    return tuple(_differences((), old, new))


def applied(tree: Tree, changes: Iterable[Change]) -> Tree:
    """A tree after some changes, in their order; the old one stays as it is. Raises Unreadable: a change doesn't fit."""
    for change in changes:
        if not change.path:
            raise Unreadable("a change of nothing")
        tree = _applied(tree, change, change.path)
    return tree


def alike(value: Any, other: object) -> Any:
    """The same value, of the parts of another one wherever these are the same: what many trees have, memory has once.

    Both are values that nobody changes any more.
    """
    if isinstance(value, dict):
        return _branch_alike(value, other if isinstance(other, dict) else {})
    if type(value) is type(other) and repr(value) == repr(other):
        return other
    return _common(value) if isinstance(value, str) else value


def _at(tree: Value, path: Path) -> Value:
    """What is at a path; None: nothing."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _branch_alike(branch: Tree, other: Tree) -> Tree:
    found = {_common(key): alike(value, other.get(key)) for key, value in branch.items()}
    is_same = found.keys() == other.keys() and all(value is other[key] for key, value in found.items())
    return other if is_same else found


def _common(text: str) -> str:
    """A text that is one object wherever it stands, unless it is long and so hardly stands elsewhere."""
    return sys.intern(text) if len(text) <= _SHORT else text


def _differences(path: Path, old: Tree, new: Tree) -> Iterator[Change]:
    yield from (Drop((*path, key)) for key in old.keys() - new.keys())
    for key, value in new.items():
        before = old.get(key)
        if value is before and key in old:
            continue  # the same object: much of a large tree is
        if isinstance(value, dict) and isinstance(before, dict):
            yield from _differences((*path, key), before, value)
        elif key not in old or not _is_same(before, value):
            yield Put((*path, key), value)


def _is_same(old: Value, new: Value) -> bool:
    """Whether both have the same JSON: 1, 1.0 and True are equal, and not the same."""
    return repr(old) == repr(new) or canonical(old) == canonical(new)


def _applied(tree: Tree, change: Change, rest: Path) -> Tree:
    key, *below = rest
    if not below:
        return _changed(tree, key, change)
    branch = tree.get(key)
    if not isinstance(branch, dict):
        raise Unreadable(f"a change of {'.'.join(change.path)}, where {key} is no branch")
    return {**tree, key: _applied(branch, change, tuple(below))}


def _changed(tree: Tree, key: str, change: Change) -> Tree:
    if isinstance(change, Put):
        return {**tree, key: change.value}
    if key not in tree:
        raise Unreadable(f"a removal of {'.'.join(change.path)}, which is not there")
    return {name: value for name, value in tree.items() if name != key}


def _check(value: object, deepest: int) -> None:
    if deepest == 0:
        raise Unsendable("data that is too deep")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Unsendable("data with a key that is no text")
        for each in value.values():
            _check(each, deepest - 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, deepest - 1)
    elif not isinstance(value, bool | int | float | str | None):
        raise Unsendable(f"a {type(value).__name__} is no data")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
