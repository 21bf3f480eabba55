"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import ClusterDriver, hookimpl
from opensvc_driver_fence_command.agent import CommandAgent


@hookimpl
def opensvc_register_drivers() -> list[type[ClusterDriver]]:
    """The fence agent of this distribution."""
    return [CommandAgent]
