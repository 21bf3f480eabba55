"""Making a group and taking it away: the devices that it may be made of, and the group that may be removed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opensvc_linux import devices
from opensvc_linux.lvm import Group
from opensvc_linux.mounts import read
from opensvc_linux.signatures import signatures
from opensvc_linux.uses import where_mounted, why_claimed

from opensvc_core.api import ActionFailed, Context
from opensvc_driver_vg.owner import Owner


def without_signature(context: Context, rid: str, paths: Sequence[str]) -> list[str]:
    """The devices that have to become physical volumes. Raises ActionFailed where one holds anything, or is in use.

    One that is a physical volume of no group is taken as it is: that is what an interrupted 'provision' leaves.
    """
    return [path for path in paths if not _is_orphan(context, rid, path)]


def unfit(group: Group, owner: Owner, *, is_planned: bool) -> str:
    """Why a group may not be removed, or an empty text."""
    if owner.others:
        return f"{group.name} is held by {owner.others[0]}, whose tag it carries; stop it there first"
    if group.volumes and not is_planned:
        return f"{group.name} still has volumes ({', '.join(volume.name for volume in group.volumes)}); remove them first (lvremove)"
    return ""


def _is_orphan(context: Context, rid: str, path: str) -> bool:
    number = devices.number(path)
    if number is None:
        if path in context.planned_paths:
            return False
        found = "is no block device" if Path(path).exists() else "is not there"
        raise ActionFailed(f"{rid}.pvs: {path} {found}; nothing was made")
    if mounted := where_mounted(path, read(), everywhere=True):
        raise ActionFailed(f"{rid}.pvs: {path} is {mounted[0]}; nothing was made")
    if devices.is_claimed(path):
        raise ActionFailed(f"{rid}.pvs: {path} is {why_claimed(path)}; nothing was made")
    held = signatures(context.system, path)
    if not held:
        return False
    if [one.type for one in held] == ["LVM2_member"] and _is_of_no_group(context, path):
        return True
    text = ", ".join(map(str, held))
    raise ActionFailed(f"{rid}.pvs: {path} holds {text}; nothing was made. If nobody needs it any more: wipefs -a {path}")


def _is_of_no_group(context: Context, path: str) -> bool:
    """A physical volume that no group has, nor says to have."""
    result = context.system.query(["pvs", "--noheadings", "--separator", ",", "-o", "vg_name,pv_in_use", path])
    return result.code == 0 and result.stdout.strip() == ","
