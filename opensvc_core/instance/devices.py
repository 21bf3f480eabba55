"""Devices: which of the node's block devices the resources of its services stand on, and which they make."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.errors import OpensvcError
from opensvc_core.instance.build import devices
from opensvc_core.instance.service import Service
from opensvc_core.system.blockdevices import number_of


class Use(NamedTuple):
    """A resource that uses a device or, where `is_made`, makes it. `number` is empty where there is no such device."""

    service: str
    rid: str
    path: str
    number: str
    is_made: bool


def uses(service: Service) -> list[Use]:
    """The devices of a service's resources, in the order of its file. Raises ConfigError, OpensvcError where a driver fails."""
    found: list[Use] = []
    parts = service.instance().parts
    for rid in (str(part.rid) for part in parts):
        for name, is_made in (("exposed_devs", True), ("sub_devs", False)):
            try:
                paths = devices(parts, rid, name) or ()
            except Exception as error:
                raise OpensvcError(f"{rid}: {error}") from error
            found += [Use(str(service.path), rid, path, number_of(path), is_made) for path in paths]
    return found
