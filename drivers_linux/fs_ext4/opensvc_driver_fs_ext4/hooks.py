"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import Resource, hookimpl
from opensvc_driver_fs_ext4.driver import Ext2, Ext3, Ext4


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The drivers of this distribution."""
    return [Ext4, Ext3, Ext2]
