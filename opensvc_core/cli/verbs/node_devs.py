"""node print devs: the block devices of the node, and which resources of services use or make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.render.node import devices_text
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each
from opensvc_core.instance.devices import Use, uses
from opensvc_core.system.blockdevices import BlockDevice, read


def run(session: Session, arguments: Arguments) -> int:
    """Print the devices as a tree with size, type, mount points and services; those that only services name come last, as `missing`."""
    found: list[Use] = []
    code = each(session, session.node.services(), lambda service: found.extend(uses(service)))
    devices = _devices(read(), found)
    if arguments.format == "json":
        session.print_json(devices=devices)
    else:
        print(devices_text(devices), end="", file=session.stdout)
    return code


def _devices(known: Sequence[BlockDevice], found: Sequence[Use]) -> list[dict[str, Any]]:
    names = {device.name for device in known}
    rows = [_row(device, names, [use for use in found if use.number == device.number]) for device in known]
    missing = dict.fromkeys(use.path for use in found if not use.number)
    rows += [_row(BlockDevice("", path, "", 0, "missing"), names, [use for use in found if use.path == path]) for path in missing]
    return rows


def _row(device: BlockDevice, names: set[str], found: Sequence[Use]) -> dict[str, Any]:
    return {
        "name": device.name,
        "path": device.path,
        "number": device.number,
        "size": device.size,
        "type": device.kind,
        "parents": [name for name in device.parents if name in names],
        "mount_points": list(device.mount_points),
        "file": device.file,
        "services": [{"service": use.service, "rid": use.rid, "made": use.is_made} for use in found],
    }
