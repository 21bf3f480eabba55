"""Sections: which of them are resources, of which group, and the name by which their driver is asked for."""

from __future__ import annotations

from typing import NamedTuple

# The service itself, and what its resources inherit.
DEFAULT = "DEFAULT"
# The keywords for disaster recovery: the one node comes before the others.
DRPNODE, DRPNODES = "drpnode", "drpnodes"
# Groups of resources, and the older sections that are resources of the group `disk`.
GROUPS = ("ip", "volume", "disk", "fs", "share", "container", "app", "task", "sync", "hb")
OLDER_DISKS = ("vg", "lv", "loop", "md", "drbd", "zpool", "pool", "vmdg", "vdisk", "raw", "zvol", "vxdg", "vxvol")
# Resources that are there without a section, and may have one: the names by which their drivers are asked for.
OWN_DRIVERS = {"sync#i0": "sync-rsync"}
FREE = frozenset({"env", "labels", "data"})
# How the rid of a reservation ends, behind that of the resource whose disks it is of: `disk#1pr` stands beside `disk#1`.
RESERVATION = "pr"


class Section(NamedTuple):
    """A resource's section: its rid, its group (`disk` for `vg#0`) and its driver's name (`fs.ext4`, `vg`).

    `beside` is the resource whose section asks for it, and has its keywords; empty: it has a section of its own.
    """

    rid: str
    group: str
    driver: str
    beside: str = ""


def is_resource(name: str) -> bool:
    """Whether a section of this name is a resource of a service."""
    prefix, mark, index = name.partition("#")
    return bool(mark and index) and (prefix in GROUPS or prefix in OLDER_DISKS)


def group_of(rid: str) -> str:
    """The driver group of a resource."""
    prefix = rid.partition("#")[0]
    return "disk" if prefix in OLDER_DISKS else prefix


def driver_name(rid: str, kind: str | None) -> str:
    """The name under which a driver is registered: `group.type`, or the prefix alone where the section has no type."""
    prefix = rid.partition("#")[0]
    if not kind and rid in OWN_DRIVERS:
        return OWN_DRIVERS[rid]
    return f"{prefix}.{kind}".lower() if kind and prefix not in OLDER_DISKS else prefix
