"""Who uses a logical volume, nothing is deactivated while somebody does; and what an active one uses that is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from opensvc_core.api import Context
from opensvc_linux.devices import lost_below, number
from opensvc_linux.lvm import Volume
from opensvc_linux.mapper import partitions_of
from opensvc_linux.mounts import read
from opensvc_linux.uses import where_mounted, why_claimed

# Whoever probes a volume that was just unmounted (udev does) has it open for a moment.
_PATIENCE = 3.0


def mounted(volumes: Iterable[Volume]) -> str:
    """Where one of them, or a partition on one, is mounted, in words; an empty text where none is."""
    mounts = read()
    devices = (device for volume in volumes if volume.path for device in (volume.path, *partitions_of(volume.path)))
    found = ((device, where_mounted(device, mounts, everywhere=True)) for device in devices)
    return next((f"{device} is {places[0]}" for device, places in found if places), "")


def opened(context: Context, look: Callable[[], Sequence[Volume]]) -> str:
    """Which of the volumes somebody goes on to have open, in words; `look` tells them by a report of LVM."""
    end = time.monotonic() + _PATIENCE
    while used := [volume for volume in look() if volume.is_active and volume.is_open]:
        if time.monotonic() > end:
            return f"{used[0].path or used[0].name} is {why_claimed(used[0].path)}"
        time.sleep(0.2)
        context.look_anew()
    return ""


def cut_off(volumes: Iterable[Volume]) -> Iterator[str]:
    """Which of the volumes are active on disks that are gone, in words; LVM does not tell once it has found these by other names."""
    for volume in volumes:
        own = number(volume.path) if volume.is_active and volume.path else None
        if own and (lost := lost_below(own)):
            yield f"{volume.path} is active on {', '.join(lost)}, gone since: whatever reads or writes it fails; stop it and start it anew"
