"""Names: the address that a name stands for, found within a limit, and the one that was found last."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from opensvc_driver_ip.devices import Address

_KEPT = "address"


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
    try:
        return ip_address((folder / _KEPT).read_text().strip())
    except (OSError, ValueError):
        return None


def keep(folder: Path, address: Address) -> None:
    """Remember the address; a disk that is full or read-only must not hold up a start."""
    if kept(folder) != address:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _KEPT).write_text(f"{address}\n")


def _ask(name: str) -> list[Address]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    found = {ip_address(answer[4][0].partition("%")[0]) for answer in answers if isinstance(answer[4][0], str)}
    return sorted(found, key=lambda address: (address.version, int(address)))
