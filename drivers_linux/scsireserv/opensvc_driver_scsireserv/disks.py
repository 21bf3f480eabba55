"""Disks: what lies below a block device and can be reserved, with all its paths where it has several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from opensvc_linux import devices

_SYS: Final = Path("/sys/class/block")


class Disk(NamedTuple):
    """A whole disk; `is_multipath`: it is reached over paths that multipathd has put together."""

    path: str
    is_multipath: bool = False

    def __str__(self) -> str:
        return self.path


def disks_below(paths: Iterable[str], sys: Path = _SYS) -> list[Disk]:
    """The disks that these devices stand on, each once. A device that is not there has none."""
    found: dict[str, Disk] = {}
    for path in paths:
        number = devices.number(path)
        own = devices.kernel_name(number) if number else ""
        for name in whole_disks(own, sys) if own else ():
            # the name that the administrator gave says more than one that differs after each boot
            found.setdefault(name, Disk(path) if name == own and not _is_mapped(name, sys) else _disk(name, sys))
    return list(found.values())


def whole_disks(name: str, sys: Path = _SYS) -> Iterator[str]:
    """The kernel names of the whole disks below a device; for a path of several, what they were put together to."""
    if (sys / name / "partition").exists():
        yield from whole_disks((sys / name).resolve().parent.name, sys)
        return
    joined = next((above for above in _names(sys / name / "holders") if _uuid(above, sys).startswith("mpath-")), "")
    below = [] if _uuid(name, sys).startswith("mpath-") else _names(sys / name / "slaves")
    if joined or not below:
        yield joined or name
    for one in () if joined else below:
        yield from whole_disks(one, sys)


def _disk(name: str, sys: Path) -> Disk:
    if _is_mapped(name, sys):
        return Disk(f"/dev/mapper/{_text(sys / name / 'dm' / 'name')}", is_multipath=True)
    return Disk(f"/dev/{name.replace('!', '/')}")


def _is_mapped(name: str, sys: Path) -> bool:
    return _uuid(name, sys).startswith("mpath-")


def _uuid(name: str, sys: Path) -> str:
    return _text(sys / name / "dm" / "uuid")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
