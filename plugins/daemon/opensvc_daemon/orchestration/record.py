"""The record of decisions: what was known, what was ordered and why, bounded in size; and its replay through today's code."""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple, cast, get_args, get_origin, get_type_hints

from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.orders import Decision
from opensvc_daemon.orchestration.view import View

_HINTS: dict[type, list[Any]] = {}


class Recorded(NamedTuple):
    """One decision as it was made."""

    view: View
    now: float
    decision: Decision


class Difference(NamedTuple):
    """A recorded decision that today's code would make otherwise."""

    recorded: Recorded
    today: Decision


class Record:
    """The last decisions, the oldest forgotten first.

    Parameters:
        limit: bytes that they may take, compressed.
    """

    def __init__(self, limit: int = 1 << 20) -> None:
        self._limit = limit
        self._entries: deque[bytes] = deque()
        self.size = 0

    def note(self, view: View, now: float, decision: Decision) -> None:
        """Remember a decision. One that takes more than the whole record is left out."""
        self.append(zlib.compress(json.dumps(pack(Recorded(view, now, decision)), separators=(",", ":")).encode(), 1))

    def append(self, entry: bytes) -> None:
        """Remember an entry as `entries` gives it."""
        if len(entry) > self._limit:
            return
        self._entries.append(entry)
        self.size += len(entry)
        while self.size > self._limit:
            self.size -= len(self._entries.popleft())

    @property
    def entries(self) -> tuple[bytes, ...]:
        """What can be stored: each a line of compressed JSON."""
        return tuple(self._entries)

    def __iter__(self) -> Iterator[Recorded]:
        """The decisions, the oldest first. Raises ValueError for an entry that is damaged."""
        for entry in self._entries:
            yield read(entry)


def read(entry: bytes) -> Recorded:
    """One entry. Raises ValueError where it is damaged or of another version."""
    try:
        return cast("Recorded", unpack(Recorded, json.loads(zlib.decompress(entry))))
    except (zlib.error, TypeError, KeyError, ValueError, AttributeError, RecursionError) as exc:
        raise ValueError(f"this is no record of a decision, or one of another version: {exc}") from exc


def replay(record: Iterable[Recorded], decider: Callable[[View, float], Decision] = decide) -> Iterator[Difference]:
    """Run what was known then through today's code; what comes out differently."""
    for recorded in record:
        today = decider(recorded.view, recorded.now)
        if today != recorded.decision:
            yield Difference(recorded, today)


def pack(value: Any) -> Any:
    """A value of named tuples, enums and mappings as JSON can hold it: tuples as lists in the order of their fields."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: pack(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [pack(part) for part in value]
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return str(value)
    return value


def unpack(kind: Any, value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of type
    """The value again, by the types of the fields."""
    if value is None:
        return None
    origin = get_origin(kind)
    if origin is tuple:
        return tuple(unpack(get_args(kind)[0], part) for part in value)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: unpack(get_args(kind)[1], part) for key, part in value.items()}
    if origin is not None:  # X | None
        return unpack(next(part for part in get_args(kind) if part is not type(None)), value)
    if issubclass(kind, tuple):
        if kind not in _HINTS:
            _HINTS[kind] = [get_type_hints(kind)[field] for field in kind._fields]
        return kind(*(unpack(hint, part) for hint, part in zip(_HINTS[kind], value, strict=True)))
    if issubclass(kind, Enum):
        return kind(value)
    return float(value) if kind is float else value
