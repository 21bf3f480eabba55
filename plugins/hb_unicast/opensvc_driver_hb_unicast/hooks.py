"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import ClusterDriver, hookimpl
from opensvc_driver_hb_unicast.driver import UnicastLink


@hookimpl
def opensvc_register_drivers() -> list[type[ClusterDriver]]:
    """The heartbeat of this distribution."""
    return [UnicastLink]
