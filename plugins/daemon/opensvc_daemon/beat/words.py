"""The words of the lease as a beat carries them: compact, services and nodes by their tags. Total: any value is read or refused."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from opensvc_daemon.heartbeat.compact import Compact, encoded
from opensvc_daemon.heartbeat.errors import Unreadable
from opensvc_daemon.heartbeat.tags import Tag
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Epoch
from opensvc_daemon.lease.refusals import Code

_ASKED: Final = struct.Struct(">8sI")
_ANSWERED: Final = struct.Struct(">8sQ8sIBf")
# The numbers are sent: new ones go to the end.
_CODES: Final = (None, Code.STARTING, Code.HELD, Code.OLD_REQUEST, Code.OTHER_EPOCH, Code.NOT_A_MEMBER)
# An epoch, an owner, and the frame around them.
FRAME: Final = 64
ASKED: Final = _ASKED.size
ANSWERED: Final = _ANSWERED.size


class Verdict(NamedTuple):
    """An answer to a request of a node's life: a code where it was refused, and for how long that reason lasts at most."""

    node: Tag
    incarnation: int
    service: Tag
    number: int
    code: Code | None
    seconds: float


class Saying(NamedTuple):
    """What a node says of leases: the voters that it knows, what its beat process asks for and gives back, and what it answers."""

    epoch: Epoch
    incarnation: int
    asked: Mapping[Tag, int] = {}
    released: Mapping[Tag, int] = {}
    answered: tuple[Verdict, ...] = ()
    membership: Membership | None = None


def written(saying: Saying) -> Compact:
    """The value that a beat carries."""
    return (
        *(saying.epoch.number, bytes.fromhex(saying.epoch.digest), saying.incarnation),
        b"".join(_ASKED.pack(*row) for row in saying.asked.items()),
        b"".join(_ASKED.pack(*row) for row in saying.released.items()),
        b"".join(_ANSWERED.pack(*one[:4], _CODES.index(one.code), one.seconds) for one in saying.answered),
        None if saying.membership is None else _voters(saying.membership),
    )


def size_of(membership: Membership) -> int:
    """How many bytes a membership takes in a beat."""
    return len(encoded(_voters(membership)))


def read(value: Compact) -> Saying | None:
    """What a beat says of leases; None: nothing. Raises Unreadable."""
    if value in (None, ()):
        return None
    match value:
        case (int() as number, bytes() as digest, int() as life, bytes() as asked, bytes() as released, bytes() as answered, voters, *_):
            if number < 0 or len(digest) != 8 or not 0 < life < 2**64:
                raise Unreadable("a lease by no list of voters")
            epoch = Epoch(number, digest.hex())
            verdicts = tuple(map(_verdict, _rows(_ANSWERED, answered)))
            return Saying(epoch, life, _numbers(asked), _numbers(released), verdicts, _membership(epoch, voters))
    raise Unreadable("a lease that can't be understood")


def _numbers(data: bytes) -> dict[Tag, int]:
    return {Tag(tag): number for tag, number in _rows(_ASKED, data)}


def _verdict(row: tuple[Any, ...]) -> Verdict:
    node, incarnation, service, number, code, seconds = row
    if code >= len(_CODES) or not math.isfinite(seconds):
        raise Unreadable("an answer about a lease that can't be understood")
    return Verdict(Tag(node), incarnation, Tag(service), number, _CODES[code], seconds)


def _rows(shape: struct.Struct, data: bytes) -> Iterator[tuple[Any, ...]]:
    if len(data) % shape.size:
        raise Unreadable("a list of leases is cut short")
    yield from shape.iter_unpack(data)


def _voters(membership: Membership) -> Compact:
    """One table for both lists: the name of each voter with its weight in each, 0 for none."""
    weights = [{one.name: one.weight for one in voters.members} for voters in membership.lists]
    names = sorted({name for each in weights for name in each})
    leases = tuple(float(voters.lease) for voters in membership.lists)
    return leases, tuple((name, *(each.get(name, 0) for each in weights)) for name in names)


def _membership(epoch: Epoch, value: Compact) -> Membership | None:
    if value is None:
        return None
    match value:
        case ((float(), *more) as leases, tuple() as rows, *_) if len(more) <= 1:
            lists = [_list(rows, column, lease) for column, lease in enumerate(leases, 1)]
            return Membership(epoch, *lists)
    raise Unreadable("a list of voters that can't be understood")


def _list(rows: tuple[Compact, ...], column: int, lease: Compact) -> Voters:
    members = []
    for row in rows:
        match row:
            case (str() as name, *weights) if len(weights) >= column and type(weight := weights[column - 1]) is int and weight >= 0:
                members += [Member(name, weight)] if weight else []
            case _:
                raise Unreadable("a voter that can't be understood")
    if not isinstance(lease, float):
        raise Unreadable("a lease of no duration")
    voters = Voters(tuple(members), lease)
    if faults := [one.text for one in voters.faults()]:
        raise Unreadable("; ".join(faults))
    return voters
