"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import Resource, hookimpl
from opensvc_driver_container_docker.driver import Docker


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The drivers of this distribution."""
    return [Docker]
