"""Addresses: the kernel tells of addresses and devices by rtnetlink(7), without a library, because one costs 20 MB."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.watching.source import Changed, Recent

# linux/rtnetlink.h, linux/if_addr.h, linux/if_link.h
_GROUPS: Final = 0x1 | 0x10 | 0x100  # links, IPv4 addresses, IPv6 addresses
_NEW_LINK, _DEL_LINK, _NEW_ADDRESS, _DEL_ADDRESS = 16, 17, 20, 21
_LINK_NAME, _ADDRESS, _LOCAL = 3, 1, 2
_STATE: Final = 0x1 | 0x40 | 0x10000  # IFF_UP, IFF_RUNNING, IFF_LOWER_UP
_HEADER: Final = struct.Struct("=IHHII")
_LINK: Final = struct.Struct("=BxHiII")
_ADDRESS_HEADER: Final = struct.Struct("=BBBBI")
_ATTRIBUTE: Final = struct.Struct("=HH")
_BUFFER: Final = 1 << 20


class Event(NamedTuple):
    """What the kernel told: the name of a device or an address; of a device also whether it is up and has a carrier."""

    name: str
    state: int | None = None


class Addresses:
    """A source for `address`: targets are `ADDRESS DEVICE`."""

    def __init__(self, loop: Loop, changed: Changed) -> None:
        self._loop, self._changed = loop, changed
        self._targets: dict[str, set[str]] = {}
        self._states: dict[str, int | None] = {}
        self._recent = Recent()
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind((0, _GROUPS))
        loop.attend(self._socket.fileno(), self._read)

    def add(self, target: str, since: float) -> bool:
        for name in target.split():
            self._targets.setdefault(name, set()).add(target)
        return any(self._recent.has(name, since) for name in target.split())

    def remove(self, target: str) -> None:
        for name in target.split():
            self._targets.get(name, set()).discard(target)

    def close(self) -> None:
        self._loop.leave(self._socket.fileno())
        self._socket.close()

    def _read(self) -> None:
        try:
            data = self._socket.recv(_BUFFER)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self._recent.lose()
            for target in {target for targets in self._targets.values() for target in targets}:
                self._changed(target)
            return
        for event in events(data):
            # a device tells of much that changes neither
            if event.state is not None and self._states.get(event.name) == event.state:
                continue
            self._states[event.name] = event.state
            self._recent.note(event.name)
            for target in list(self._targets.get(event.name, ())):
                self._changed(target)


def events(data: bytes) -> Iterator[Event]:
    """What a message of the kernel tells; what is cut short is left out."""
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if length < _HEADER.size or length > len(data):
            return
        body = data[_HEADER.size : length]
        if kind in (_NEW_ADDRESS, _DEL_ADDRESS):
            yield from _address(body)
        elif kind in (_NEW_LINK, _DEL_LINK):
            yield from _link(body, is_gone=kind == _DEL_LINK)
        data = data[(length + 3) & ~3 :]


def _address(body: bytes) -> Iterator[Event]:
    found = dict(_attributes(body[_ADDRESS_HEADER.size :]))
    packed = found.get(_LOCAL) or found.get(_ADDRESS)
    if packed and len(packed) in (4, 16):
        yield Event(str(ipaddress.ip_address(packed)))


def _link(body: bytes, *, is_gone: bool) -> Iterator[Event]:
    family, _, _, flags, _ = _LINK.unpack_from(body)
    name = dict(_attributes(body[_LINK.size :])).get(_LINK_NAME)
    if name and family == socket.AF_UNSPEC:  # others tell of bridges and of IPv6 alone
        yield Event(name.rstrip(b"\0").decode(errors="replace"), -1 if is_gone else flags & _STATE)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            return
        yield kind & 0x3FFF, data[_ATTRIBUTE.size : length]
        data = data[(length + 3) & ~3 :]
