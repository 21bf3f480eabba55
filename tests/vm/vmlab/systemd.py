"""Systemd in a guest: what it finds beside the host's own units. A guest has it as process 1 once it has a `default.target`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

UNITS: Final = Path("/lib/systemd/system")
GENERATORS: Final = Path("/lib/systemd/system-generators")
FOLDER: Final = "/etc/systemd/system"
# Of what targets want by themselves: a boot without the rest takes seconds instead of half a minute, and what a service stands on is there.
KEPT: Final = ("systemd-journald", "systemd-udevd")
# As the package of LVM has them.
ENABLED: Final = ("blk-availability.service", "lvm2-monitor.service")
DISKS: Final = """\
[Unit]
DefaultDependencies=no
After=systemd-udevd.service
Before=local-fs-pre.target sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/run/lab/own/tools/insmod /run/lab/own/tools/virtio_scsi.ko
ExecStart=/bin/udevadm settle
"""


def files() -> list[tuple[str, str, int]]:
    """The lab's own units: path, text, mode."""
    return [(f"{FOLDER}/lab-disks.service", DISKS, 0o644)]


def links() -> Iterator[tuple[str, str]]:
    """Each path and where it leads: units that are enabled, units and generators that are left out."""
    wants = f"{FOLDER}/sysinit.target.wants"
    yield f"{wants}/lab-disks.service", f"{FOLDER}/lab-disks.service"
    for name in ENABLED:
        yield f"{wants}/{name}", str(UNITS / name)
    for name in sorted({path.name for path in UNITS.glob("*.target.wants/*")}):
        if not name.startswith(KEPT):
            yield f"{FOLDER}/{name}", "/dev/null"
    for path in GENERATORS.glob("*"):
        yield f"/etc/systemd/system-generators/{path.name}", "/dev/null"
