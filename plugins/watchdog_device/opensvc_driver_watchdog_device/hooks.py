"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import ClusterDriver, hookimpl
from opensvc_driver_watchdog_device.device import Device


@hookimpl
def opensvc_register_drivers() -> list[type[ClusterDriver]]:
    """The watchdog of this distribution."""
    return [Device]
