"""An application that writes down when it was alive, for a service whose double start would be a disaster; it also answers datagrams.

Run as a program: FOLDER NAME [ADDRESS PORT]. Its file is one of pairs of integers, nanoseconds of CLOCK_MONOTONIC, which all nodes of a
lab have in common: the begin and the latest sign of a time without a pause.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import Final

PAIR: Final = struct.Struct("=qq")
TICK: Final = 0.002  # seconds
# what is longer is written down as a pause
PAUSE: Final = 50_000_000  # nanoseconds


def main() -> None:
    """Live until somebody ends it."""
    folder, name, *place = sys.argv[1:]
    node = os.uname().nodename
    begun = last = time.monotonic_ns()
    file = os.open(f"{folder}/{name}.{node}.{os.getpid()}.{begun}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.pwrite(file, PAIR.pack(begun, last), 0)
    listening = [_listen(place[0], int(place[1]))] if place else []
    offset = 0
    while True:
        ready = select.select(listening, [], [], TICK)[0]
        now = time.monotonic_ns()
        if now - last > PAUSE:
            offset, begun = offset + PAIR.size, now
        os.pwrite(file, PAIR.pack(begun, now), offset)
        last = now
        for one in ready:
            _answer(one, node.encode())


def _listen(address: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((address, port))
    return listening


def _answer(listening: socket.socket, node: bytes) -> None:
    with suppress(OSError):  # who asked is gone
        asked, whom = listening.recvfrom(64)
        listening.sendto(asked + node, whom)


if __name__ == "__main__":
    main()
