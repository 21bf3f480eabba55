"""A wire with latency between two taps: what sch_netem does, for kernels that have none."""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time
from contextlib import suppress

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
LONGEST = 65536
BATCH = 64  # then those that are due have their turn


def main() -> None:
    """Carry frames between each pair of taps until the owner ends: OWNER DELAY JITTER TAP TAP..., milliseconds."""
    owner = os.pidfd_open(int(sys.argv[2]))
    delay, jitter = (float(text) / 1000 for text in sys.argv[3:5])
    taps = [_tap(name) for name in sys.argv[5:]]
    peers = dict(zip(taps, [taps[index ^ 1] for index in range(len(taps))], strict=True))
    print("ready", flush=True)
    _carry(peers, owner, delay, jitter)


def _tap(name: str) -> int:
    """A tap that lives as long as this process."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def _carry(peers: dict[int, int], owner: int, delay: float, jitter: float) -> None:
    # a frame that is due at the same time as another must not be compared with it: the counter decides
    queue: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        rest = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        ready = select.select([*peers, owner], [], [], rest)[0]
        if owner in ready:
            return
        for fd in ready:
            for frame in _frames(fd):
                count += 1
                due = time.monotonic() + max(0.0, delay + random.uniform(-jitter, jitter))
                heapq.heappush(queue, (due, count, peers[fd], frame))
        while queue and queue[0][0] <= time.monotonic():
            _, _, fd, frame = heapq.heappop(queue)
            _send(fd, frame)


def _frames(fd: int) -> list[bytes]:
    frames: list[bytes] = []
    with suppress(OSError):  # no more, or the tap is down
        while len(frames) < BATCH:
            frames.append(os.read(fd, LONGEST))
    return frames


def _send(fd: int, frame: bytes) -> None:
    with suppress(OSError):  # the other end is down or full: lost
        os.write(fd, frame)
