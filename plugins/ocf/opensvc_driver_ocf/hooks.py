"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import Resource, hookimpl
from opensvc_driver_ocf.driver import Ocf


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The drivers of this distribution."""
    return [Ocf]
