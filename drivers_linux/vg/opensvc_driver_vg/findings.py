"""What is found in a volume group, in words: pure functions of the group and of its owner."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from opensvc_linux.lvm import UNKNOWN, Group, Volume

from opensvc_driver_vg.owner import Owner


def wanted(group: Group) -> list[Volume]:
    """What an activation of the group makes available."""
    return [volume for volume in group.volumes if volume.path and not volume.is_skipped]


def inactive(group: Group) -> list[Volume]:
    """What of it is not active."""
    return [volume for volume in wanted(group) if not volume.is_active]


def active(group: Group) -> list[Volume]:
    """All that a deactivation has to take away."""
    return [volume for volume in group.volumes if volume.is_active]


def held(group: Group, owner: Owner, nodes: Collection[str], confirmed_down: Collection[str]) -> str:
    """Which node stands against a start, and the way out; `nodes` are those of the service. Empty where none does."""
    node = next(iter(owner.unconfirmed(confirmed_down)), "")
    if not node:
        return ""
    found = f"{group.name} is held by {node}, whose tag it carries"
    if node.lower() in {one.lower() for one in nodes}:
        return f"{found}; stop it there, or if {node} is dead: --confirm-down {node}"
    return (
        f"{found}, and which is no node of the service: name it in kept_tags if it is no node's; if it is, and dead: --confirm-down {node}"
    )


def wrong(group: Group) -> Iterator[str]:
    """What stands against a start in the group itself."""
    if group.missing:
        yield missing(group)
    if group.is_exported:
        yield f"{group.name} is exported; import it (vgimport {group.name})"
    if any(volume.active == "unknown" for volume in group.volumes):
        yield UNKNOWN


def missing(group: Group) -> str:
    """The physical volumes that can't be found."""
    count = len(group.missing)
    return f"{group.name} misses {count} physical volume{'s' if count > 1 else ''} ({', '.join(group.missing)})"


def halves(group: Group) -> Iterator[str]:
    """What a start or a stop that was broken off has left."""
    left = ", ".join(volume.name for volume in inactive(group))
    if left and not any(volume.is_active for volume in wanted(group)):
        yield f"it carries this node's tag, and no volume is active: {left}"
    elif left:
        yield f"not active: {left}"


def doubled(group: Group, owner: Owner) -> Iterator[str]:
    """Active here, while another node has it by its tag."""
    if owner.others and active(group):
        yield f"it is active here, and carries the tag of {', '.join(owner.others)}"


def vanished(name: str, left: Collection[str]) -> str:
    """Its volumes are alive in the kernel, and LVM finds the group no more."""
    text = f"{', '.join(left)} {'are' if len(left) > 1 else 'is'} active"
    return f"the devices of {name} are gone, while {text}; bring them back, or give it up: dmsetup remove {' '.join(left)}"
