"""print devs: the devices that the resources use and provide."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, selection, services
from opensvc_core.driver.capabilities import ExposesDevices, UsesDevices
from opensvc_core.instance.service import Service
from opensvc_core.plan.selection import select


def run(session: Session, arguments: Arguments) -> int:
    """Print a line for each resource with devices."""
    known: dict[str, dict[str, dict[str, list[str]]]] = {}
    code = each(session, services(session), lambda service: known.update({str(service.path): _devices(service, arguments)}))
    if arguments.format == "json":
        session.print_json(services=known)
        return code
    for service, resources in known.items():
        for rid, devices in resources.items():
            for word, paths in devices.items():
                print(f"{service} {rid} {word}: {' '.join(paths)}", file=session.stdout)
    return code


def _devices(service: Service, arguments: Arguments) -> dict[str, dict[str, list[str]]]:
    instance = service.instance()
    found: dict[str, dict[str, list[str]]] = {}
    for item in select([part.item for part in instance.parts], selection(arguments)):
        resource = instance.part(item.rid).resource
        devices: dict[str, list[str]] = {}
        if isinstance(resource, ExposesDevices):
            devices["exposed"] = list(resource.exposed_devices())
        if isinstance(resource, UsesDevices):
            devices["used"] = list(resource.sub_devices())
        if devices:
            found[item.rid] = devices
    return found
