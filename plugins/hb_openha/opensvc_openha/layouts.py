"""Layouts: the bytes of a heartbeat, as the versions of the C implementation write them on the wire and on disk.

All have the same fields in the same order, little endian, without padding; they differ in how many services there are, how long a name
may be and how wide a state is. No field tells which layout it is: both nodes have to use the same one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from opensvc_openha.states import State

BLOCK: Final = 512
_NODE: Final = 128
_PORT, _ADDRESS = 5, 15
# Before this moment, in seconds since 1970, no record was written: where another layout has its clock there are states and names.
EARLIEST: Final = 1 << 24


class Unreadable(ValueError):
    """Bytes that are no record of this layout; the message says why."""


class Unwritable(ValueError):
    """A record that has no room in this layout; the message says why."""


class Entry(NamedTuple):
    """What a record says of one service."""

    service: str
    state: State
    lock: int = 0


@dataclass(frozen=True)
class Record:
    """One heartbeat.

    `elapsed` is the sender's wall clock in whole seconds since 1970; `port` and `address` are those of the link, as text.
    """

    node: str
    entries: tuple[Entry, ...] = ()
    elapsed: int = EARLIEST
    pid: int = 1
    up: int = 1
    srv_lock: int = 0
    port: str = ""
    address: str = ""
    hostid: int = 0

    def state(self, service: str) -> State | None:
        """What it says of a service; None: nothing."""
        return next((entry.state for entry in self.entries if entry.service == service), None)


@dataclass(frozen=True)
class Layout:
    """How a record of `size` bytes is made up: `services` slots with names of at most `name` - 1 bytes, states of `width` bytes."""

    size: int
    services: int
    name: int
    width: int

    @property
    def blocks(self) -> int:
        """How many blocks of a disk it takes."""
        return -(-self.size // BLOCK)

    def _struct(self) -> struct.Struct:
        states = f"{self.services}{'b' if self.width == 1 else 'i'}"
        return struct.Struct(f"<{_NODE}sii{_PORT}s{_ADDRESS}s{self.services * self.name}s{states}{self.services}iIIi")

    def encode(self, record: Record) -> bytes:
        """The bytes of a record. Raises Unwritable."""
        if len(record.entries) > self.services:
            raise Unwritable(f"{len(record.entries)} services: a record of {self.size} bytes has room for {self.services}")
        spare = self.services - len(record.entries)
        return self._struct().pack(
            _text(record.node, _NODE - 1, "node", self.size),
            *(record.up, record.srv_lock),
            _text(record.port, _PORT, "port", self.size),
            _text(record.address, _ADDRESS, "address", self.size),
            b"".join(_text(entry.service, self.name - 1, "service", self.size).ljust(self.name, b"\0") for entry in record.entries),
            *(int(entry.state) for entry in record.entries),
            *[0] * spare,
            *(entry.lock for entry in record.entries),
            *[0] * spare,
            *(record.hostid & 0xFFFFFFFF, record.elapsed & 0xFFFFFFFF, record.pid),
        )

    def decode(self, data: bytes) -> Record:
        """The record that some bytes begin with; what follows is left alone. Raises Unreadable for anything else."""
        if len(data) < self.size:
            raise Unreadable(f"{len(data)} bytes are too few: a record has {self.size}")
        if not any(data[: self.size]):
            raise Unreadable("nothing was ever written there")
        node, up, srv_lock, port, address, names, *rest = self._struct().unpack_from(data)
        hostid, elapsed, pid = rest[-3:]
        if up not in (0, 1):
            raise Unreadable(f"the field 'up' is {up}: another layout, or no record")
        if elapsed < EARLIEST or pid <= 0:
            raise Unreadable(f"it was written {elapsed} seconds after 1970 by process {pid}: another layout, or no record")
        return Record(
            _word(node, "node"),
            tuple(self._entries(names, rest[: self.services], rest[self.services : 2 * self.services])),
            *(elapsed, pid, up, srv_lock, _shown(port), _shown(address), hostid),
        )

    def _entries(self, names: bytes, states: Sequence[int], locks: Sequence[int]) -> Iterator[Entry]:
        known = set()
        for slot in range(self.services):
            raw = names[slot * self.name : (slot + 1) * self.name]
            if not raw[0]:
                return  # the first empty name ends the list
            service = _word(raw, "service")
            if service in known:
                raise Unreadable(f"the service {service} stands in it twice")
            known.add(service)
            yield Entry(service, self._state(service, states[slot]), locks[slot])

    def _state(self, service: str, code: int) -> State:
        if self.width == 1 and 0x30 <= code <= 0x39:
            code -= 0x30  # a digit as a character says the same
        if not 0 <= code <= 9:
            raise Unreadable(f"{code} is no state of the service {service}")
        return State(code)


LAYOUTS: Final = {
    size: Layout(size, *shape) for size, shape in {504: (16, 16, 1), 2856: (128, 16, 1), 3240: (128, 16, 4), 9384: (128, 64, 4)}.items()
}
CURRENT: Final = LAYOUTS[9384]


def by_spacing(blocks: int) -> Layout | None:
    """The largest layout whose records fit so many blocks; None: not even the smallest one does."""
    return next((layout for layout in sorted(LAYOUTS.values(), key=lambda one: -one.size) if layout.blocks <= blocks), None)


def _text(value: str, room: int, what: str, size: int) -> bytes:
    data = value.encode("utf-8", "surrogateescape")
    if len(data) > room:
        raise Unwritable(f"{what} {value}: a record of {size} bytes has room for {room} bytes, this has {len(data)}")
    return data


def _shown(raw: bytes) -> str:
    # The C implementation leaks memory behind the NUL, and leaves the NUL out where a text fills its field.
    return raw.partition(b"\0")[0].decode("ascii", "surrogateescape")


def _word(raw: bytes, what: str) -> str:
    value, end, _ = raw.partition(b"\0")
    if not end:
        raise Unreadable(f"the name of a {what} does not end")
    # A name becomes a part of a path.
    if not value or not all(0x21 <= byte <= 0x7E for byte in value) or b"/" in value or value in (b".", b".."):
        raise Unreadable(f"{value[:40]!r} is no name of a {what}")
    return value.decode("ascii")
