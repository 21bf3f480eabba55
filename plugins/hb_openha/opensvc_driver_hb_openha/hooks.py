"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import Resource, hookimpl
from opensvc_driver_hb_openha.driver import OpenHA


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The drivers of this distribution."""
    return [OpenHA]
