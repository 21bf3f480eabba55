"""The LVM configuration of a host (lvm.conf(5)), where it hides a group, or activates it against its tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from opensvc_core.api import System
from opensvc_linux.lvm import Group

_ALL: Final = ["a|.*|", "a/.*/", "a|.*/|"]


def hides_devices(system: System) -> str:
    """Why LVM may not look at a device at all, or an empty text."""
    found = _settings(system, "devices/filter", "devices/global_filter", "devices/use_devicesfile")
    reasons = [f"{name} = {_shown(found[name])}" for name in ("global_filter", "filter") if not set(found.get(name, ())) <= set(_ALL)]
    if found.get("use_devicesfile") == ["1"]:
        reasons.append("use_devicesfile = 1 (lvmdevices --adddev adds one)")
    return f"LVM looks only at the devices that its configuration lets pass: {', '.join(reasons)}" if reasons else ""


def against_tags(system: System, group: Group) -> list[str]:
    """What decides beside the tags, or against them, who may activate a group."""
    found: list[str] = []
    if group.lock_type:
        found.append(f"lvmlockd ({group.lock_type}) decides who activates {group.name}, whatever its tags say")
    if group.system_id:
        ours = is_ours(system, group.system_id)
        other = "no other node can activate it" if ours else "this node can't activate it"
        found.append(
            f"{group.name} has the system ID {group.system_id}: {other}, whatever its tags say (vgchange --systemid '' {group.name})"
        )
    return found


def is_ours(system: System, system_id: str) -> bool:
    """A group with this system ID is open to this host."""
    own = system.query(["lvm", "systemid"]).stdout.partition("system ID:")[2].strip()
    return system_id in (own, *_settings(system, "local/extra_system_ids").get("extra_system_ids", ()))


def keeps_inactive(system: System, group: Group, volume: str) -> str:
    """Why LVM answers an activation of a volume with success and leaves it inactive, or an empty text."""
    found = _settings(system, "activation/volume_list", "tags/hosttags")
    allowed = found.get("volume_list")
    if allowed is None or set(allowed) & {group.name, f"{group.name}/{volume}", *(f"@{tag}" for tag in group.tags)}:
        return ""
    if "@*" in allowed and found.get("hosttags") == ["1"]:
        return ""
    return f"activation/volume_list = {_shown(allowed)} of the host's lvm.conf leaves it out"


def parse_settings(text: str) -> dict[str, list[str]]:
    """What `lvmconfig --type full` prints, by the last part of each name: `filter=["a|.*|"]`, `use_devicesfile=0`."""
    lines = (re.match(r"\s*(\w+)\s*=\s*(.*)", line) for line in text.splitlines())
    return {line[1]: _values(line[2]) for line in lines if line}


def _values(text: str) -> list[str]:
    return (
        [value.replace('\\"', '"') for value in re.findall(r'"((?:[^"\\]|\\.)*)"', text)] if '"' in text or "[" in text else [text.strip()]
    )


def _settings(system: System, *names: str) -> dict[str, list[str]]:
    return parse_settings(system.query(["lvmconfig", "--type", "full", *names]).stdout)


def _shown(values: Sequence[str]) -> str:
    return f"[{', '.join(values)}]"
