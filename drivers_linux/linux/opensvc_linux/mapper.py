"""Devices of device-mapper, as /sys shows them: no command, and an answer also when LVM finds their disks no more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from opensvc_linux.devices import mapper_name, number, stacked_on

_BLOCK = Path("/sys/block")


class Mapped(NamedTuple):
    """A device-mapper device: its name (`vg-lv`), and its identity (`LVM-…`, `part1-LVM-…`)."""

    name: str
    uuid: str


def volumes_of(group: str) -> list[str]:
    """The names of the active volumes of a group, `/dev/mapper/…`, whether its disks are still there or not."""
    start = mapper_name(f"/dev/{group}/x").removeprefix("/dev/mapper/")[:-1]
    found = (one for one in _all() if one.uuid.startswith("LVM-") and one.name.startswith(start))
    return sorted(f"/dev/mapper/{one.name}" for one in found if not one.name.removeprefix(start).startswith("-"))


def partitions_of(device: str) -> list[str]:
    """The names of the partitions that kpartx has mapped on a device."""
    own = number(device)
    found = (_read(name) for name in (stacked_on(own) if own else ()))
    return sorted(f"/dev/mapper/{one.name}" for one in found if one.uuid.startswith("part"))


def _all() -> Iterator[Mapped]:
    return (_read(name) for name in os.listdir(_BLOCK) if name.startswith("dm-"))  # noqa: PTH208 - hot in a status


def _read(name: str) -> Mapped:
    return Mapped(_attribute(name, "name"), _attribute(name, "uuid"))


def _attribute(device: str, name: str) -> str:
    try:
        return (_BLOCK / device / "dm" / name).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
