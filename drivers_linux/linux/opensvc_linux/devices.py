"""Block devices: told apart by their numbers, whatever their names, and looked at without a command where that is possible."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

Number = tuple[int, int]

_SYS_BLOCK: Final = Path("/sys/dev/block")
_LOOP_GET_STATUS64: Final = 0x4C05
_TAGS: Final = ("LABEL", "UUID", "PARTLABEL", "PARTUUID")


class Backing(NamedTuple):
    """What a loop device stands on: the file, by its file system and its number there, and where in it the device begins."""

    device: int
    inode: int
    offset: int


def tag_of(dev: str) -> tuple[str, str] | None:
    """`LABEL=data` as (`LABEL`, `data`), None for a path; quotes around the value don't count."""
    name, mark, value = dev.partition("=")
    return (name.upper(), value.strip("\"'")) if mark and name.upper() in _TAGS else None


def tag_link(name: str, value: str) -> Path:
    """The link that udev makes for a label or an identity; what it doesn't allow in a name stands as `\\x20`."""
    escaped = re.sub(r"[^\w#+.:=@-]", lambda found: "".join(f"\\x{byte:02x}" for byte in found[0].encode()), value)
    return Path("/dev/disk") / f"by-{name.lower()}" / escaped


def number(path: str) -> Number | None:
    """Major and minor number of a block device, through any links; None for anything else."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (os.major(found.st_rdev), os.minor(found.st_rdev)) if stat.S_ISBLK(found.st_mode) else None


def kernel_name(device: Number) -> str:
    """What the kernel calls it (`dm-0`, `sda1`, `cciss!c0d0`), or an empty text."""
    try:
        return (_SYS_BLOCK / f"{device[0]}:{device[1]}").readlink().name
    except OSError:
        return ""


def is_read_only(device: Number) -> bool:
    """It takes no writes."""
    return _attribute(device, "ro") == "1"


def stacked_on(device: Number) -> list[str]:
    """The devices that the kernel has made of it: `dm-3`, `md0`."""
    try:
        return sorted(entry.name for entry in (_SYS_BLOCK / f"{device[0]}:{device[1]}" / "holders").iterdir())
    except OSError:
        return []


def lost_below(device: Number) -> list[str]:
    """The kernel's names of the disks right below one that are gone: it goes on to use them, though they are back by other names."""
    try:
        return sorted(entry.name for entry in (_SYS_BLOCK / f"{device[0]}:{device[1]}" / "slaves").iterdir() if not entry.exists())
    except OSError:
        return []


def backing(path: str) -> Backing | None:
    """What a loop device stands on; None for any other device and for an unused one."""
    try:
        with open(path, "rb", buffering=0) as device:  # noqa: PTH123 - unbuffered, for an ioctl
            info = fcntl.ioctl(device, _LOOP_GET_STATUS64, bytes(232))
    except OSError:
        return None
    file_system, inode, _, offset = struct.unpack_from("4Q", info)
    return Backing(file_system, inode, offset)


def siblings(path: str) -> Iterator[tuple[str, Number]]:
    """Other loop devices over the same file and place."""
    mine = number(path)
    if mine is None or mine[0] != 7 or (file := backing(path)) is None:
        return
    for entry in Path("/sys/block").glob("loop*/loop"):
        other = f"/dev/{entry.parent.name}"
        theirs = number(other)
        if theirs and theirs != mine and backing(other) == file:
            yield other, theirs


def is_claimed(path: str) -> bool:
    """Whether the kernel has it in use (mounted in any mount namespace, swap, part of another device): open(2), O_EXCL."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def is_active(device: Number, folder: str) -> bool:
    """Whether a file system on it is alive in the kernel, in whatever mount namespace.

    `folder` is where the kernel lists those of its type (`/sys/fs/ext4`); empty: nowhere.
    """
    name = kernel_name(device)
    return bool(name and folder) and (Path(folder) / name).exists()


def has_magic(path: str, magics: tuple[tuple[int, bytes], ...]) -> bool | None:
    """Whether one of these bytes stands at its offset; None where the device can't be read."""
    try:
        with open(path, "rb", buffering=0) as device:  # noqa: PTH123 - unbuffered: a look reads no more than it needs
            return any(os.pread(device.fileno(), len(word), offset) == word for offset, word in magics)
    except OSError:
        return None


def mapper_name(path: str) -> str:
    """`/dev/vg/lv-1` as device-mapper names it: `/dev/mapper/vg-lv--1`; other paths as they are."""
    found = re.fullmatch(r"/dev/([^/]+)/([^/]+)", path)
    if found is None or found[1] == "mapper":
        return path
    return "/dev/mapper/" + "-".join(part.replace("-", "--") for part in found.groups())


def _attribute(device: Number, name: str) -> str:
    try:
        return (_SYS_BLOCK / f"{device[0]}:{device[1]}" / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
