"""Sockets of heartbeats: of one family or of both, bound to an interface, with errors that say what to do."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from typing import Final

_SIOCGIFFLAGS: Final = 0x8913
_IFF_UP, _IFF_RUNNING = 0x1, 0x40
_BACKLOG: Final = 16


def family_of(address: str) -> socket.AddressFamily:
    """IPv6 where an address has colons."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def shown(address: str, port: int) -> str:
    """An address with its port: `10.0.0.1:10000`, `[::]:10000`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def reason(error: OSError) -> str:
    """What went wrong, without its number."""
    return error.strerror or str(error)


def refuse_lost(interface: str | None) -> int:
    """The index of an interface that can carry something, 0 where none is named. Raises OSError: it is gone, down, or without carrier."""
    if not interface:
        return 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            found = fcntl.ioctl(probe, _SIOCGIFFLAGS, struct.pack("16sH14x", interface.encode()[:15], 0))
            index = socket.if_nametoindex(interface)
        except OSError as error:
            raise OSError(f"the interface {interface} is not there ({reason(error)})") from error
    flags = struct.unpack("16sH14x", found)[1]
    if not flags & _IFF_UP:
        raise OSError(f"the interface {interface} is down")
    if not flags & _IFF_RUNNING:
        raise OSError(f"the interface {interface} has no carrier")
    return index


def opened(family: socket.AddressFamily, kind: socket.SocketKind, interface: str | None) -> socket.socket:
    """A socket that never waits, bound to an interface. Raises OSError."""
    made = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if interface:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
    except OSError as error:
        made.close()
        raise OSError(f"the interface {interface} can't be used ({reason(error)})") from error
    return made


def listening(kind: socket.SocketKind, address: str, port: int, interface: str | None, *, is_shared: bool = False) -> socket.socket:
    """A socket that hears what is sent to an address and a port; an empty address: to any of this host, of both families.

    `is_shared`: others of this user may listen to the port as well. Raises OSError.
    """
    made = opened(family_of(address or "::"), kind, interface) if address or _has_ipv6() else opened(socket.AF_INET, kind, interface)
    is_ipv6 = made.family == socket.AF_INET6
    try:
        if is_ipv6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(bool(address)))
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(is_shared))
        made.bind(bindable(address or ("::" if is_ipv6 else "0.0.0.0"), port))
        if kind == socket.SOCK_STREAM:
            made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise OSError(_why_not(error, address, port, kind)) from error
    return made


def asked(host: str) -> str | bytes:
    """A name or an address as `getaddrinfo` takes it without the tables of international names, half a megabyte of locked memory."""
    return host.encode("ascii") if host.isascii() else host


def bindable(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """An address as the system calls want it: that of a link (`fe80::1%eth0`) with the index of its interface."""
    if ":" not in address:
        return address, port
    found = socket.getaddrinfo(asked(address), port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][4]
    return str(found[0]), port, 0, int(found[3]) if len(found) > 3 else 0


def _has_ipv6() -> bool:
    return os.path.exists("/proc/net/if_inet6")  # noqa: PTH110 - nothing else of pathlib is needed here


def _why_not(error: OSError, address: str, port: int, kind: socket.SocketKind) -> str:
    what = f"{'TCP' if kind == socket.SOCK_STREAM else 'UDP'} port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"{what} is in use{f' on {address}' if address else ''}: give this heartbeat another 'port', or end what uses it"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address} is no address of this node"
    return f"{shown(address or '::', port)} can't be listened to: {reason(error)}"
