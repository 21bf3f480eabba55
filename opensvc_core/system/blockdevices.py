"""Block devices: those that the kernel knows, what stands on what, and where they are mounted."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from opensvc_core.errors import OpensvcError
from opensvc_core.system import files

_SECTOR: Final = 512  # the unit of `size`, whatever the device's own is
_MAPPER_KINDS: Final = {"LVM": "lvm", "mpath": "mpath", "CRYPT": "crypt"}
_NAMED_KINDS: Final = {"loop": "loop", "sr": "rom", "md": "raid", "nbd": "nbd", "drbd": "drbd", "zram": "zram", "ram": "ram"}


class BlockDevice(NamedTuple):
    """A device.

    Parameters:
        name: the kernel's name, `sda1`, `dm-0`.
        path: what people call it: `/dev/sda1`, `/dev/mapper/vg1-lv1`.
        number: `major:minor`.
        size: in bytes.
        kind: `disk`, `part`, `loop`, `lvm`, `mpath`, `crypt`, `raid`, …
        parents: the names of the devices that it stands on.
        mount_points: where it is mounted, in this mount namespace.
        file: what a loop device stands on.
    """

    name: str
    path: str
    number: str
    size: int
    kind: str
    parents: tuple[str, ...] = ()
    mount_points: tuple[str, ...] = ()
    file: str = ""


def read(sys: Path = Path("/sys"), mountinfo: Path = Path("/proc/self/mountinfo")) -> list[BlockDevice]:
    """The devices that have a size, by name."""
    folder, mounted = sys / "class/block", mount_points(_text(mountinfo))
    found = [_device(folder / entry.name, mounted) for entry in (folder.iterdir() if folder.is_dir() else ())]
    return sorted((device for device in found if device.size), key=lambda device: _natural(device.name))


def mount_points(mountinfo: str) -> dict[str, tuple[str, ...]]:
    """Where devices are mounted, by their number and by their path, from the text of /proc/self/mountinfo (proc(5))."""
    found: dict[str, tuple[str, ...]] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, source = before.split(), after.split()[1]
        # a file system with numbers of its own (btrfs) tells its device by its path only
        for key in {fields[2], _unescaped(source)}:
            place = _unescaped(fields[4])
            found[key] = (*found.get(key, ()), place) if place not in found.get(key, ()) else found[key]
    return found


def number_of(path: str) -> str:
    """The number of the device that a path leads to; empty: there is none."""
    import stat  # noqa: PLC0415 - only where a device is looked up

    try:
        seen = os.stat(path)  # noqa: PTH116 - a Path is made for nothing
    except (OSError, ValueError):
        return ""
    return f"{os.major(seen.st_rdev)}:{os.minor(seen.st_rdev)}" if stat.S_ISBLK(seen.st_mode) else ""


def _device(folder: Path, mounted: dict[str, tuple[str, ...]]) -> BlockDevice:
    name, number, mapped = folder.name, _text(folder / "dev"), _text(folder / "dm/name")
    path = f"/dev/mapper/{mapped}" if mapped else f"/dev/{name.replace('!', '/')}"
    return BlockDevice(
        name=name,
        path=path,
        number=number,
        size=int(_text(folder / "size") or 0) * _SECTOR,
        kind=_kind(folder, name),
        parents=_parents(folder),
        mount_points=mounted.get(number) or mounted.get(path) or (),
        file=_text(folder / "loop/backing_file"),
    )


def _kind(folder: Path, name: str) -> str:
    if (folder / "partition").exists():
        return "part"
    if identity := _text(folder / "dm/uuid"):
        return _MAPPER_KINDS.get(identity.partition("-")[0], "dm")
    return "dm" if (folder / "dm").exists() else _NAMED_KINDS.get(name.rstrip("0123456789"), "disk")


def _parents(folder: Path) -> tuple[str, ...]:
    if (folder / "partition").exists():
        return (folder.resolve().parent.name,)
    slaves = folder / "slaves"
    return tuple(sorted(entry.name for entry in slaves.iterdir())) if slaves.is_dir() else ()


def _text(path: Path) -> str:
    try:
        return (files.read_text(path) or "").rstrip("\n")
    except OpensvcError:
        return ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(digits or 0), word) for word, digits in re.findall(r"(\D*)(\d*)", name)]
