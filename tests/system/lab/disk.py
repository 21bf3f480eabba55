"""Shared disks: one file, and for every node a loop device of its own over it.

Two block devices with a cache each, as the paths of two nodes to one disk have. (A single loop device would be one device of one
kernel: mounted twice, both mounts would show the same, and nothing could ever go wrong.)
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

LOOP_CTL_GET_FREE: Final = 0x4C82
LOOP_CONFIGURE: Final = 0x4C0A
LOOP_CLR_FD: Final = 0x4C01
BLKROSET: Final = 0x125D
LOOP_GET_STATUS64: Final = 0x4C05
INFO: Final = "=5Q4I64s64s32s2Q"  # struct loop_info64
NAME: Final = 9  # lo_file_name in it
# EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN and others: one number; 2: the log is not flushed
SHUTDOWN: Final = 0x8004587D
_LOOP_MOUNT: Final = re.compile(r"^\d+ \d+ \S+ \S+ (\S+) .* - \S+ /dev/loop\S* ", re.MULTILINE)


def attach(file: int, label: str) -> int:
    """Put the file open as `file` below a free loop device, marked with a label; the device's number."""
    info = struct.pack(INFO, *[0] * 9, label.encode()[:63], b"", b"", 0, 0)
    config = struct.pack("=II", file, 0) + info + bytes(64)
    control = os.open("/dev/loop-control", os.O_RDWR)
    try:
        while True:
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            try:
                _ioctl(number, LOOP_CONFIGURE, config)
            except OSError as error:
                if error.errno != errno.EBUSY:  # another one was faster
                    raise
            else:
                # a write protection stays with the device, whatever is attached to it
                _ioctl(number, BLKROSET, struct.pack("i", 0))
                return number
    finally:
        os.close(control)


def detach(number: int) -> None:
    """Free a loop device; one that is in use is freed by its last user."""
    with suppress(OSError):
        _ioctl(number, LOOP_CLR_FD)


def labelled(label: str) -> list[int]:
    """The loop devices with a label."""
    return [number for number, info in _all() if info[NAME].rstrip(b"\0") == label.encode()[:63]]


def standing_on(root: int) -> list[int]:
    """The loop devices over files of the file system that a folder, open as `root`, is on: nodes attach some themselves."""
    device = os.stat(root).st_dev
    return [number for number, info in _all() if info[0] == device]


def shut_down(pids: set[int]) -> None:
    """Stop the file systems on loop devices that processes have mounted, with their journals as they are.

    The end of a mount namespace unmounts them in order, which a power cut does not. What knows no such call is unmounted in order.
    """
    seen = set[int]()
    for pid in pids:
        with suppress(OSError):
            space = Path(f"/proc/{pid}/ns/mnt").stat().st_ino
            text = "" if space in seen else Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8")
            seen.add(space)
            for point in _LOOP_MOUNT.findall(text):
                _shut_one(f"/proc/{pid}/root{_plain(point)}")


def _all() -> Iterator[tuple[int, Any]]:
    """The numbers of the loop devices that have a file, and what the kernel tells of them."""
    for path in Path("/sys/block").glob("loop*/loop"):
        number = int(path.parent.name.removeprefix("loop"))
        with suppress(OSError):
            yield number, struct.unpack(INFO, _ioctl(number, LOOP_GET_STATUS64, bytes(struct.calcsize(INFO))))


def _shut_one(folder: str) -> None:
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", 2))
        finally:
            os.close(fd)


def _plain(text: str) -> str:
    """A path of mountinfo, which writes blanks as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _ioctl(number: int, call: int, value: bytes = b"") -> bytes:
    fd = os.open(f"/dev/loop{number}", os.O_RDWR)
    try:
        return fcntl.ioctl(fd, call, value)
    finally:
        os.close(fd)
