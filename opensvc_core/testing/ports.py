"""Ports for tests: no two processes on a host are given the same, and the kernel gives them to nobody by itself."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Final

# Below those of ip_local_port_range: between the choice of a port and its use nobody comes by it by chance.
_FIRST: Final = 12_000
_LAST: Final = 32_000
_BLOCK: Final = 100


def free_port() -> int:
    """A port that nobody uses, neither of UDP nor of TCP; it is given again a hundred calls later."""
    while True:
        port = next(_ports())
        with suppress(OSError):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET6, kind) as found:
                    found.bind(("::", port))
            return port


@cache
def _ports() -> Iterator[int]:
    """The ports of this process, round and round."""
    return _round()


def _round() -> Iterator[int]:
    name = socket.socket(socket.AF_UNIX)
    while True:
        first = random.SystemRandom().randrange(_FIRST, _LAST, _BLOCK)
        with suppress(OSError):  # another process has it
            # an abstract name (unix(7)), which ends with this process; like ports it is of a network namespace
            name.bind(f"\0opensvc.testing.ports.{first}")
            break
    with name:
        while True:
            yield from range(first, first + _BLOCK)
