"""Pieces: a large document as JSON, written a little at a time, so that the loop does other things in between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

SIZE: Final = 65536
# Below so many levels of objects a value is written at once: a service or a node of the cluster document.
_LEVELS: Final = 2


def pieces(value: Any) -> Iterator[bytes]:
    """The JSON of a value in chunks of about SIZE bytes; one at least."""
    waiting: list[str] = []
    length = 0
    for text in _texts(value, _LEVELS):
        waiting.append(text)
        length += len(text)
        if length >= SIZE:
            yield "".join(waiting).encode()
            waiting, length = [], 0
    if waiting:
        yield "".join(waiting).encode()


def _texts(value: Any, levels: int) -> Iterator[str]:
    if not (levels and isinstance(value, Mapping) and value):
        yield json.dumps(value, default=_plain)
        return
    mark = "{"
    for key, inner in value.items():
        yield f"{mark}{json.dumps(str(key))}: "
        yield from _texts(inner, levels - 1)
        mark = ", "
    yield "}"


def _plain(value: Any) -> Any:
    """What the document may have besides what JSON has: read-only mappings and sets."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
