"""The size of a volume, as a service file has it and as lvcreate takes it."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.api import size

_UNITS = ((1 << 40, "t"), (1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k"), (1, "b"))
# Options of lvcreate that tell a size themselves.
_SIZED = ("-L", "-l", "-V", "--size", "--extents", "--virtualsize")


def volume_size(value: str) -> int | str:
    """Bytes (`10m`), or a share of the group in LVM's words: `80%FREE`, `100%VG`."""
    found = size(value)
    if isinstance(found, str):
        if found.startswith(("+", "-")) or found.endswith("%"):
            raise ValueError(f"{value!r} does not say of what: 80%FREE of what is free, 100%VG of the group")
        return found.upper()
    if found <= 0:
        raise ValueError(f"{value!r} is no size for a volume; 10m or 80%FREE, for instance")
    return found


def size_options(wanted: int | str, options: Sequence[str]) -> list[str]:
    """The options of lvcreate for a size; none where its further options tell it, or there is none."""
    if wanted == "" or any(option.startswith(_SIZED) for option in options):
        return []
    if isinstance(wanted, str):
        return ["-l", wanted]
    factor, unit = next((factor, unit) for factor, unit in _UNITS if wanted % factor == 0)
    return ["-L", f"{wanted // factor}{unit}"]


def has_size(wanted: int | str, options: Sequence[str]) -> bool:
    """Whether anything tells a size."""
    return wanted != "" or any(option.startswith(_SIZED) for option in options)
