"""A logical unit that light nodes share, and that knows persistent reservations: a further one has it, a target of iSCSI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vmlab import VmLab
from vmlab.disks import Disk
from vmlab.inside import Inside

EXPORT: Final = "sh {folder}/vmlab/guest/export.sh {unit.name} {device} {unit.serial} {unit.address}"
# a vendor's range, of which the target of Linux makes all its names
VENDOR: Final = "6001405"
LOGIN: Final = """
set -e
iscsiadm -m node -T {target} -p {address}:3260 -o new
iscsiadm -m node -T {target} -l
"""
ISCSI: Final = """\
iscsid.startup = /usr/sbin/iscsid
node.startup = manual
node.session.scan = auto
node.session.timeo.replacement_timeout = 5
"""


@dataclass(frozen=True)
class Unit:
    """A logical unit; `address` is where nodes log in."""

    disk: Disk
    address: str

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
        """The device in a node."""
        return f"/dev/disk/by-id/wwn-0x{VENDOR}{self.serial}"

    @property
    def login(self) -> str:
        """The command line with which a node has it."""
        return f"sh -c '{LOGIN.format(target=f'iqn.2026-01.lab:{self.name}', address=self.address)}'"


def unit(vms: VmLab, megabytes: int) -> Unit:
    """Make one, until the end of the test."""
    disk = vms.make_disk("files", megabytes)
    device = vms.target.plug(disk)
    vms.target.power_on()
    unit = Unit(disk, vms.target.address)
    vms.target(EXPORT.format(folder=vms.target.folder, unit=unit, device=device))
    return unit


def log_in(node: Inside, unit: Unit) -> None:
    """Give it to a node, which has booted."""
    node.write("/etc/iscsi/initiatorname.iscsi", f"InitiatorName=iqn.2026-01.lab:{node.name}\n", 0o600)
    node.write("/etc/iscsi/iscsid.conf", ISCSI, 0o600)
    node(unit.login)
    node.wait_for(lambda: node.exists(unit.path))
