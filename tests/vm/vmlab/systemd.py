"""Systemd in a machine: what it finds beside the host's own units. It is process 1 from the next boot on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vmlab.usermode import UserMode

UNITS: Final = Path("/lib/systemd/system")
GENERATORS: Final = Path("/lib/systemd/system-generators")
ETC: Final = Path("/etc/systemd")
# Of what targets want by themselves: a boot without the rest takes seconds, and what a service stands on is there.
KEPT: Final = ("systemd-journald", "systemd-udevd")
# As the package of LVM has them.
ENABLED: Final = ("blk-availability.service", "lvm2-monitor.service")


def install(machine: UserMode) -> None:
    """Have it from the next boot on."""
    made = machine.folder / "etc"
    for path, target in _links():
        place = made / path.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    machine(f"sh -ec 'rm -rf {ETC}/system; cp -a {made}/etc/systemd /etc/; sync'")


def _links() -> Iterator[tuple[Path, Path]]:
    """Each path and where it leads: units that are enabled, units and generators that are left out."""
    nothing, system = Path("/dev/null"), ETC / "system"
    for name in ENABLED:
        yield system / "sysinit.target.wants" / name, UNITS / name
    for name in sorted({path.name for path in UNITS.glob("*.target.wants/*")}):
        if not name.startswith(KEPT):
            yield system / name, nothing
    for path in GENERATORS.glob("*"):
        yield ETC / "system-generators" / path.name, nothing
    yield system / "default.target", UNITS / "multi-user.target"
