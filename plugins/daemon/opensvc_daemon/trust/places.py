"""Places: where the API of a member is found."""

from __future__ import annotations

from typing import Final, NamedTuple

from opensvc_core.api import Node

PORT: Final = 1214


class Place(NamedTuple):
    """Where a member's API is."""

    host: str
    port: int


def place_of(node: Node, member: str) -> Place:
    """Where a member listens: `[listener] addr` and `port` of cluster.conf as that member sees them, else its name and 1214."""
    values = node.config_of("node" if member == node.name else "cluster", node=member)
    port = values.text("listener", "port") or ""
    return Place(values.text("listener", "addr") or member, int(port) if port.isdigit() else PORT)
