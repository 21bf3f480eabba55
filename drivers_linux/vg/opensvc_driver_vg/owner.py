"""Whose a volume group is: the tags that name nodes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from opensvc_linux.lvm import Group


class Owner(NamedTuple):
    """What the tags of a group say, as they are spelled: this node's tag, and those of other nodes."""

    own: tuple[str, ...]
    others: tuple[str, ...]

    def unconfirmed(self, confirmed_down: Collection[str]) -> list[str]:
        """The other nodes that are not known to be dead."""
        return [tag for tag in self.others if tag.lower() not in confirmed_down]


def owner_of(group: Group, node: str, kept_tags: Collection[str]) -> Owner:
    """Whose a group is. A tag that is not among `kept_tags` is taken for a node's: which nodes there are, no node knows for sure."""
    own = tuple(tag for tag in group.tags if tag.lower() == node.lower())
    return Owner(own, tuple(tag for tag in group.tags if tag not in own and tag not in kept_tags))
