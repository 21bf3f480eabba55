"""A logical unit that light nodes share, and that knows persistent reservations: a further one has it, as a storage does."""

from __future__ import annotations

from typing import Final

from vmlab import VmLab
from vmlab.inside import Inside
from vmlab.site import ISCSI
from vmlab.storage import Unit

EXPORT: Final = "sh {folder}/vmlab/guest/export.sh {unit.name} {device} {unit.serial} {unit.portals[0]}"


def unit(vms: VmLab, megabytes: int) -> Unit:
    """Make one, until the end of the test."""
    disk = vms.make_disk("files", megabytes)
    device = vms.target.plug(disk)
    vms.target.power_on()
    unit = Unit(disk, (vms.target.address,))
    vms.target(EXPORT.format(folder=vms.target.folder, unit=unit, device=device))
    return unit


def log_in(node: Inside, unit: Unit) -> None:
    """Give it to a node, which has booted."""
    node.write("/etc/iscsi/initiatorname.iscsi", f"InitiatorName=iqn.2026-01.lab:{node.name}\n", 0o600)
    node.write("/etc/iscsi/iscsid.conf", ISCSI, 0o600)
    node(unit.login)
    node.wait_for(lambda: node.exists(unit.path))
