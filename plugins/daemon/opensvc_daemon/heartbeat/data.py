"""A message of data: a node's tree in full, or the changes since a generation, and the digest of what it comes to.

Data travels apart from beats, sealed like them with the purpose "data". A message is one piece; a link that carries less than it does not
carry data.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from opensvc_daemon.heartbeat.errors import Unreadable, Unsendable
from opensvc_daemon.heartbeat.tree import DEEPEST, Change, Drop, Path, Put, Tree, Value, canonical, parsed

# A slot of a disk heartbeat is 1 MiB, and holds a beat as well.
LARGEST: Final = 1_000_000
# JSON of services shrinks to a tenth: what unpacks to more is meant to fill the memory.
UNPACKED: Final = 16 * LARGEST
# The lists around a tree, or around the value of a change.
_AROUND: Final = DEEPEST + 4


class Full(NamedTuple):
    """All data of a generation."""

    generation: int
    digest: str
    data: Tree


class Patch(NamedTuple):
    """What changed after generation `base`, one tuple for each generation."""

    base: int
    digest: str
    deltas: tuple[tuple[Change, ...], ...]

    @property
    def generation(self) -> int:
        """The one that it leads to."""
        return self.base + len(self.deltas)


Message: TypeAlias = Full | Patch


def encoded(message: Message, largest: int = LARGEST) -> bytes:
    """The bytes of a message, to be sealed. Raises Unsendable: it is over `largest` bytes, or unpacks to more than can be read."""
    match message:
        case Full(generation, digest, data):
            content = canonical(["full", generation, digest, data], _AROUND)
        case Patch(base, digest, deltas):
            content = canonical(["patch", base, digest, [_rows(delta) for delta in deltas]], _AROUND)
    packed = zlib.compress(content)
    if len(packed) > largest or len(content) > UNPACKED:
        raise Unsendable(
            f"data of {len(packed)} bytes ({len(content)} unpacked) is over {largest} ({UNPACKED}): a node has too much to tell"
        )
    return packed


def decoded(packed: bytes, largest: int = LARGEST) -> Message:
    """The message of some opened bytes. Raises Unreadable."""
    if len(packed) > largest:
        raise Unreadable(f"data of {len(packed)} bytes is over {largest}")
    match parsed(_unpacked(packed), _AROUND):
        case ["full", int() as generation, str() as digest, dict() as data, *_] if generation > 0 and generation is not True:
            return Full(generation, digest, data)
        case ["patch", int() as base, str() as digest, list() as deltas, *_] if base > 0 and base is not True:
            return Patch(base, digest, tuple(_delta(delta) for delta in deltas))
    raise Unreadable("data that is neither full nor a patch")


def size_of(delta: Iterable[Change]) -> int:
    """How many bytes some changes take in a patch before it is packed. Raises Unsendable: they are too deep."""
    return len(canonical(_rows(delta), _AROUND))


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(packed, UNPACKED)
    except zlib.error as error:
        raise Unreadable(f"data that can't be unpacked: {error}") from error
    if not unpacking.eof or unpacking.unused_data:
        raise Unreadable(f"data that is cut short, has something behind it, or unpacks to over {UNPACKED} bytes")
    return content


def _rows(delta: Iterable[Change]) -> list[list[object]]:
    return [[list(change.path), *change[1:]] for change in delta]


def _delta(rows: Value) -> tuple[Change, ...]:
    if not isinstance(rows, list):
        raise Unreadable("a patch without changes")
    return tuple(_change(row) for row in rows)


def _change(row: Value) -> Change:
    match row:
        case [list() as path, value]:
            return Put(_path(path), value)
        case [list() as path]:
            return Drop(_path(path))
    raise Unreadable("a patch with something that is no change")


def _path(keys: list[Value]) -> Path:
    if not all(isinstance(key, str) for key in keys):
        raise Unreadable("a patch with a path that is none")
    return tuple(str(key) for key in keys)
