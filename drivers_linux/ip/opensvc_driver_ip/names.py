"""Names: the address that a name stands for, found within a limit, and the one that was found last."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from opensvc_driver_ip.devices import Address

_KEPT = "address"
# What inet_aton(3) takes for an address, with octal numbers and missing parts: `10.0.0.050` is 10.0.0.40 to it.
_NUMERIC = re.compile(r"(.*\.)?([0-9]+|0[xX][0-9a-fA-F]*)")


def host(value: str) -> str:
    """An address that a service can have, or a name."""
    name = value.strip()
    if "/" in name:
        raise ValueError(f"{value!r} is no address and no name; the mask after '/' is the keyword netmask")
    if "%" in name:
        raise ValueError(f"{value!r} is no address and no name; the device after '%' is the keyword ipdev")
    address = literal(name)
    if address is None and _NUMERIC.fullmatch(name):
        raise ValueError(f"{value!r} is no address; one has four numbers from 0 to 255 without leading zeros, such as 10.0.0.50")
    if address is not None and (why := unusable(address)):
        raise ValueError(f"{value!r} is {why}, and can't be that of a service")
    return name


def unusable(address: Address) -> str:
    """What an address is that no service can have, or an empty text."""
    if address.is_unspecified:
        return "no address at all"
    if address.is_multicast:
        return "a multicast address"
    if str(address) == "255.255.255.255":
        return "the broadcast address"
    return "every host's own address" if str(address) in ("127.0.0.1", "::1") else ""


def literal(name: str) -> Address | None:
    """The address that a text is, or None where it is a name."""
    try:
        return ip_address(name)
    except ValueError:
        return None


def resolve(name: str, seconds: float) -> list[Address]:
    """The addresses of a name, those of IPv4 first, each kind in its order; none where no answer came in that time.

    The resolver can't be interrupted: it is left behind in a thread, which holds up nothing.
    """
    found: list[Address] = []
    asking = threading.Thread(target=lambda: found.extend(_ask(name)), daemon=True, name=f"resolve {name}")
    asking.start()
    asking.join(seconds)
    return list(found)


def kept(folder: Path) -> Address | None:
    """The address that was used last."""
    return _note(folder)[0]


def kept_for(folder: Path, name: str) -> Address | None:
    """The address that was used last, if it was that of this name; what another name stood for may be anybody's."""
    address, of = _note(folder)
    return address if of in (name, "") else None


def keep(folder: Path, address: Address, name: str) -> None:
    """Remember the address and its name; a disk that is full or read-only must not hold up a start."""
    if _note(folder) != (address, name):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _KEPT).write_text(f"{address} {name}\n")


def _note(folder: Path) -> tuple[Address | None, str]:
    """The address and the name; no name where none was noted."""
    try:
        address, _, name = (folder / _KEPT).read_text().strip().partition(" ")
        return ip_address(address), name
    except (OSError, ValueError):
        return None, ""


def _ask(name: str) -> list[Address]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    found = {ip_address(answer[4][0].partition("%")[0]) for answer in answers if isinstance(answer[4][0], str)}
    return sorted(found, key=lambda address: (address.version, int(address)))
