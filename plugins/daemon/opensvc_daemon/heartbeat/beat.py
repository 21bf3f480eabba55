"""A beat: what a node says every second. Small: names are tags, data travels apart.

The body is one tuple, see `body`. A newer minor version appends to it, and what is appended is not read here; what would change the meaning
of the rest makes a new major version.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from opensvc_daemon.heartbeat.compact import Compact, decoded, encoded
from opensvc_daemon.heartbeat.errors import Unreadable, Unsendable
from opensvc_daemon.heartbeat.tags import LENGTH, Tag

LINKS: Final = 32
_SEEN: Final = struct.Struct(">8sQQII")
_CHALLENGED: Final = struct.Struct(">8sQQ")
_MONITOR: Final = re.compile(r"[a-z][a-z ]{0,15}")
_KEY: Final = 4
_T = TypeVar("_T")


class Echo(NamedTuple):
    """Which life of a node was heard, and its highest counter."""

    incarnation: int
    counter: int


class Seen(NamedTuple):
    """What the sender has of a peer: its life, highest counter, data merged up to a generation (0: none), links it is heard over."""

    incarnation: int
    counter: int
    generation: int = 0
    links: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Beat:
    """One beat of a node.

    `incarnation` is a random number for each start of the daemon, `counter` grows with each beat of it, `boot` changes with the boot of the
    node; `generation` is that of the sender's own data; `keys` are the ids of the secrets that it can read. `seen` are the peers it
    believes to be alive or to have been, `challenged` the lives that have yet to answer it. `lease` is for the lease alone.
    """

    cluster: Tag
    node: str
    incarnation: int
    counter: int
    boot: Tag
    monitor: str = "init"
    generation: int = 1
    keys: tuple[bytes, ...] = ()
    seen: Mapping[Tag, Seen] = field(default_factory=dict)
    challenged: Mapping[Tag, Echo] = field(default_factory=dict)
    lease: Compact = ()


def incarnation_from(random: bytes) -> int:
    """The name of a life, made of eight random bytes."""
    if len(random) != 8:
        raise ValueError(f"an incarnation is made of 8 random bytes, not of {len(random)}")
    return int.from_bytes(random) or 1


def body(beat: Beat) -> bytes:
    """All of a beat that is sealed, encoded; node, incarnation and counter are in the envelope. Raises Unsendable."""
    if not _MONITOR.fullmatch(beat.monitor):
        raise Unsendable(f"{beat.monitor!r} is no state of a monitor: at most 16 small letters and spaces")
    keys = b"".join(beat.keys)
    seen = _packed(
        _SEEN, ((tag, each.incarnation, each.counter, each.generation, _mask(each.links)) for tag, each in sorted(beat.seen.items()))
    )
    challenged = _packed(_CHALLENGED, ((tag, *each) for tag, each in sorted(beat.challenged.items())))
    return encoded((beat.cluster, beat.boot, beat.monitor, beat.generation, keys, seen, challenged, beat.lease))


def beat_of(node: str, incarnation: int, counter: int, data: bytes) -> Beat:
    """The beat of an opened envelope. Raises Unreadable."""
    match decoded(data):
        case (
            bytes() as cluster,
            bytes() as boot,
            str() as monitor,
            int() as generation,
            bytes() as keys,
            bytes(),
            bytes(),
            lease,
            *_,
        ) as all_:
            seen, challenged = _unpacked(_SEEN, all_[5]), _unpacked(_CHALLENGED, all_[6])
        case _:
            raise Unreadable(f"{node}: the body is that of no beat")
    if len(cluster) != LENGTH or len(boot) != LENGTH or len(keys) % _KEY or not _MONITOR.fullmatch(monitor) or not _is_count(generation):
        raise Unreadable(f"{node}: the body is that of no beat")
    return Beat(
        *(Tag(cluster), node, incarnation, counter, Tag(boot), monitor, generation),
        keys=tuple(keys[start : start + _KEY] for start in range(0, len(keys), _KEY)),
        seen=_by_tag(seen, lambda life, count, merged, mask: Seen(life, count, merged, _links(mask))),
        challenged=_by_tag(challenged, Echo),
        lease=lease,
    )


def _is_count(number: int) -> bool:
    return number >= 0 and not isinstance(number, bool)


def _packed(shape: struct.Struct, rows: Iterable[tuple[object, ...]]) -> bytes:
    try:
        return b"".join(shape.pack(*row) for row in rows)
    except struct.error as error:
        raise Unsendable(f"a beat can't say this of a peer: {error}") from error


def _unpacked(shape: struct.Struct, data: Compact) -> Iterable[tuple[Any, ...]]:
    assert isinstance(data, bytes)
    if len(data) % shape.size:
        raise Unreadable("a list of peers is cut short")
    return shape.iter_unpack(data)


def _by_tag(rows: Iterable[tuple[Any, ...]], made: Callable[..., _T]) -> dict[Tag, _T]:
    return {Tag(tag): made(*rest) for tag, *rest in rows}


def _mask(links: Iterable[int]) -> int:
    if not all(0 <= link < LINKS for link in links):
        raise Unsendable(f"links are numbered from 0 to {LINKS - 1}, not {sorted(links)}")
    return sum(1 << link for link in set(links))


def _links(mask: int) -> frozenset[int]:
    return frozenset(link for link in range(LINKS) if mask >> link & 1)
