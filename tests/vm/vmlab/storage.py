"""The storage: a third guest, a target of iSCSI, whose logical units know persistent reservations, which QEMU's disks don't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vmlab.disks import Disk
from vmlab.node import Node

NAME: Final = "storage"
INDEX: Final = 9
MEMORY: Final = 384  # megabytes
EXPORT: Final = "sh /run/lab/own/tools/export.sh"
# a vendor's range, of which the target of Linux makes all its names
VENDOR: Final = "6001405"
# what a record was when the power went may be half of it
LOGIN: Final = """
set -e
rm -rf /etc/iscsi/nodes/{target}
for portal in {portals}; do iscsiadm -m node -T {target} -p $portal:3260 -o new; done
iscsiadm -m node -T {target} -l
"""


@dataclass(frozen=True)
class Unit:
    """A logical unit; `portals` are the addresses at which guests log in."""

    disk: Disk
    portals: tuple[str, ...]

    @property
    def name(self) -> str:
        """The disk's name, which the target also has."""
        return self.disk.name

    @property
    def serial(self) -> str:
        """What its world-wide name ends with."""
        return f"{self.disk.number:025x}"

    @property
    def path(self) -> str:
        """The device in a guest."""
        return f"/dev/disk/by-id/wwn-0x{VENDOR}{self.serial}"

    @property
    def login(self) -> str:
        """The command line with which a guest has it."""
        return f"sh -c '{LOGIN.format(target=f'iqn.2026-01.lab:{self.name}', portals=' '.join(self.portals))}'"


class Storage:
    """The guest, started for the first unit."""

    def __init__(self, node: Node) -> None:
        self.node, self._units = node, dict[str, Unit]()

    def make(self, disk: Disk, rings: tuple[int, ...]) -> Unit:
        """Make a disk a unit that is reached over some rings."""
        self.node.power_on()
        self.node.plug(disk)
        self.node.settle()
        unit = self._units[disk.name] = Unit(disk, tuple(self.node.address(ring) for ring in rings))
        self.node(f"{EXPORT} {disk.name} {disk.path} {unit.serial} {' '.join(unit.portals)}")
        return unit

    def clean(self) -> None:
        """Take all units away; a storage with which something is wrong begins anew with the next unit."""
        self.node.undisturb()
        if self._units and not self._is_cleaned():
            self.node.forget()
        self.node.unplug_all()
        self._units.clear()

    def _is_cleaned(self) -> bool:
        return self.node.is_up and not any(self.node(f"{EXPORT} {name}", code=None).code for name in self._units)
