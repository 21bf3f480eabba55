"""Netlink: an address put on a device and taken off, by rtnetlink(7) without a library: one takes 200 ms to import, amid a failover."""

from __future__ import annotations

import errno
import os
import socket
import struct
from contextlib import nullcontext, suppress
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path
from typing import Final

from opensvc_core.api import ActionFailed, ActionRefused
from opensvc_driver_ip.devices import Device

Interface = IPv4Interface | IPv6Interface
# linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h
_HEADER: Final = struct.Struct("=IHHII")
_ADDRESS_HEADER: Final = struct.Struct("=BBBBI")
_ATTRIBUTE: Final = struct.Struct("=HH")
_ERROR: Final = struct.Struct("=i")
_NLMSG_ERROR: Final = 2
_NEW_ADDRESS, _DEL_ADDRESS = 20, 21
_REQUEST, _ACKNOWLEDGED, _CREATED, _NOT_REPLACED = 0x1, 0x4, 0x400, 0x200
_ADDRESS, _LOCAL, _LABEL, _BROADCAST = 1, 2, 3, 4
_NODAD: Final = 0x02
# the scope of addresses that are valid on this host alone
_SCOPE_HOST: Final = 254
_ANSWER: Final = 65536


def add(device: Device, address: Interface, label: str = "", *, is_unique: bool = False) -> None:
    """Put an address on a device; one with a label has a broadcast address too. Raises ActionFailed, ActionRefused.

    `is_unique`: nobody else has it, so the kernel need not look for a double (IPv6) before it is used.
    """
    broadcast = address.network.broadcast_address.packed
    attributes = _attribute(_LABEL, label.encode() + b"\0") + _attribute(_BROADCAST, broadcast) if label else b""
    flags = _NODAD if is_unique and address.version == 6 else 0
    code = _request(_NEW_ADDRESS, _CREATED | _NOT_REPLACED, device, address, flags=flags, attributes=attributes)
    if code:
        raise ActionFailed(f"{address} can't be added to {device.name}: {_reason(code, address)}")


def remove(device: Device, address: Interface, *, promotes: bool = False) -> None:
    """Take an address off a device; one that is not there, or whose device is gone, is off already. Raises ActionFailed, ActionRefused.

    `promotes`: other addresses are secondary to it, and have to stay.
    """
    with _Promotion(device) if promotes else nullcontext():
        code = _request(_DEL_ADDRESS, 0, device, address)
    if code not in (0, errno.EADDRNOTAVAIL, errno.ENODEV):
        raise ActionFailed(f"{address} can't be removed from {device.name}: {_reason(code, address)}")


class _Promotion:
    """While it lasts, the kernel keeps the secondary addresses of a network whose primary one goes (promote_secondaries)."""

    def __init__(self, device: Device) -> None:
        self._file = Path("/proc/sys/net/ipv4/conf") / device.name / "promote_secondaries"
        self._before = ""

    def __enter__(self) -> None:
        try:
            self._before = self._file.read_text().strip()
            self._file.write_text("1")
        except OSError as error:
            raise ActionFailed(f"{self._file} can't be set, and without it other addresses would go as well: {error.strerror}") from error

    def __exit__(self, *_: object) -> None:
        if self._before != "1":
            with suppress(OSError):
                self._file.write_text(self._before)


def _request(kind: int, how: int, device: Device, address: Interface, *, flags: int = 0, attributes: bytes = b"") -> int:
    """What the kernel answers: 0, or the number of an error. Raises ActionRefused without the rights, OSError."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    scope = _SCOPE_HOST if address.is_loopback else 0
    own = _attribute(_LOCAL, address.ip.packed) + _attribute(_ADDRESS, address.ip.packed)
    body = _ADDRESS_HEADER.pack(family, address.network.prefixlen, flags, scope, device.number) + own + attributes
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        channel.send(_HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | _ACKNOWLEDGED | how, 1, 0) + body)
        answer = channel.recv(_ANSWER)
    (_, answered, _, _, _), (code,) = _HEADER.unpack_from(answer), _ERROR.unpack_from(answer, _HEADER.size)
    assert answered == _NLMSG_ERROR  # an acknowledgement is an error with the number 0
    if -code == errno.EPERM:
        raise ActionRefused("only root may change addresses; nothing was changed")
    return -int(code)


def _attribute(kind: int, value: bytes) -> bytes:
    """One attribute of a message, filled up to a multiple of four bytes."""
    size = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(size, kind) + value + bytes(-size % 4)


def _reason(code: int, address: Interface) -> str:
    if code == errno.EACCES and address.version == 6:
        return "IPv6 is disabled on it (net.ipv6.conf)"
    return os.strerror(code)
