"""The trailer: what nodes of ours tell each other behind a record, where the C implementation does not look.

It says which life of the manager speaks and how far it has come, echoes what it heard last, tells which services ran here last, and is
authenticated where both nodes have a key (HMAC-SHA256, RFC 2104).
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from opensvc_openha.layouts import Unreadable

_MAGIC: Final = b"OHA\xb5"
_VERSION: Final = 1
_SEALED: Final = 1
# magic, version, flags, unused, incarnation, stamp, round, echoed incarnation, echoed round, services that ran here, services yielded
_HEAD: Final = struct.Struct("<4sBBH8sQQ8sQ16s16s")
_MAC: Final = hashlib.sha256().digest_size
SIZE: Final = _HEAD.size + _MAC
NOBODY: Final = bytes(8)


@dataclass(frozen=True)
class Trailer:
    """`incarnation` is drawn anew by each start of the manager; `stamp` is the sender's monotonic clock in nanoseconds.

    `round` counts the manager's passes: the states in the record are at least as new. `echo` and `echo_round` are the incarnation and the
    round of the peer that the manager had looked at. `ran_here` and `yielded` are numbers of slots of the record.
    """

    incarnation: bytes = NOBODY
    stamp: int = 0
    round: int = 0
    echo: bytes = NOBODY
    echo_round: int = 0
    ran_here: frozenset[int] = frozenset()
    yielded: frozenset[int] = frozenset()
    is_sealed: bool = False


def append(record: bytes, trailer: Trailer, key: bytes | None = None) -> bytes:
    """A record with its trailer, sealed where there is a key."""
    head = _HEAD.pack(
        *(_MAGIC, _VERSION, _SEALED if key else 0, 0, trailer.incarnation, trailer.stamp, trailer.round),
        *(trailer.echo, trailer.echo_round, _bits(trailer.ran_here), _bits(trailer.yielded)),
    )
    return record + head + (_seal(record + head, key) if key else bytes(_MAC))


def read(data: bytes, size: int, key: bytes | None = None) -> Trailer | None:
    """The trailer behind a record of `size` bytes; None: there is none, as from the C implementation.

    With a key, only a seal made with it is believed: raises Unreadable for another one. Without a key a seal is not looked at.
    """
    head, mac = data[size : size + _HEAD.size], data[size + _HEAD.size : size + SIZE]
    if len(mac) < _MAC or not head.startswith(_MAGIC):
        return None
    _, version, flags, _, incarnation, stamp, turn, echo, echo_round, ran_here, yielded = _HEAD.unpack(head)
    if version != _VERSION:
        return None
    is_sealed = bool(flags & _SEALED)
    if key and is_sealed and not hmac.compare_digest(mac, _seal(data[: size + _HEAD.size], key)):
        raise Unreadable("it is sealed with another key")
    return Trailer(incarnation, stamp, turn, echo, echo_round, _slots(ran_here), _slots(yielded), is_sealed and bool(key))


def slots(services: Sequence[str], chosen: Iterable[str]) -> frozenset[int]:
    """The slots of some of a record's services."""
    wanted = set(chosen)
    return frozenset(slot for slot, service in enumerate(services) if service in wanted)


def _seal(data: bytes, key: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _bits(numbers: frozenset[int]) -> bytes:
    return sum(1 << number for number in numbers).to_bytes(16, "little")


def _slots(raw: bytes) -> frozenset[int]:
    bits = int.from_bytes(raw, "little")
    return frozenset(number for number in range(128) if bits >> number & 1)
