"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import Resource, hookimpl
from opensvc_driver_fs_mount.disks import DISKS
from opensvc_driver_fs_mount.memory import Bind, Overlay, Tmpfs
from opensvc_driver_fs_mount.network import NETWORK


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The drivers of this distribution."""
    return [*DISKS, *NETWORK, Tmpfs, Bind, Overlay]
