"""Partitions on logical volumes, which the kernel does not look for: kpartx(8) maps those that a service names."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable
from functools import partial
from itertools import count

from opensvc_core.api import ActionFailed, Command, Context, Operations
from opensvc_linux.devices import mapper_name
from opensvc_linux.lvm import Volume
from opensvc_linux.mapper import partitions_of

_LIMIT = 120.0
# Seconds.
_PATIENCE = 10.0
_PAUSE = 0.2


def named_on(volume: Volume, volumes: Iterable[Volume], named: Collection[str]) -> list[str]:
    """Which of some devices are partitions of a volume, by their names as kpartx makes them; `volumes` are all of the group.

    `/dev/mapper/vg-a1` is the first partition of the volume `a`, but where there is a volume `a1`.
    """
    found = [path for path in named if volume.path and _partition(volume.path, path)]
    taken = {mapper_name(one.path) for one in volumes} if found else set()
    return sorted((path for path in found if path not in taken), key=lambda path: _partition(volume.path, path))


def map_partitions(context: Context, path: str, names: Iterable[str]) -> Operations:
    """Map the partitions of a volume, and tell which of these are none. Those that were mapped stay, and an undo takes none away."""
    undo = None if partitions_of(path) else partial(unmap_partitions, path)
    yield Command(["kpartx", "-as", path], undo=undo, undo_on_failure=undo is not None, timeout=_LIMIT)
    if isinstance(context.planned_paths, set):
        return  # a plan has changed nothing
    there = partitions_of(path)
    for name in names:
        if name not in there:
            context.log.warning(f"{path} has no partition {name}: 'kpartx -l {path}' shows those in its table")


def unmap_partitions(path: str) -> Operations:
    """Take the partitions of a volume away. Who looks into one for a moment, as udev does, is waited for; it fails while one is in use."""
    begun = time.monotonic()
    for tried in count():
        try:
            yield Command(["kpartx", "-d", path], timeout=_LIMIT, is_quiet=tried > 0)
        except ActionFailed as error:
            if "busy" not in str(error) or time.monotonic() - begun >= _PATIENCE:
                raise
        else:
            return
        time.sleep(_PAUSE)


def _partition(volume: str, path: str) -> int:
    """The number of a partition of a volume by its name; 0 for what is none."""
    whole = mapper_name(volume)
    # kpartx puts a p between two digits
    found = re.fullmatch(re.escape(whole) + ("p" if whole[-1].isdigit() else "") + r"([1-9]\d*)", path)
    return int(found[1]) if found else 0
