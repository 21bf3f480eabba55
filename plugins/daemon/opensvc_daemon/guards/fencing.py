"""Fencing, as the daemon uses it: the core's door to the fence agents, and which nodes it leads to."""

from __future__ import annotations

from opensvc_core.api import FenceAgent, Node, fence

__all__ = ["fence", "fenceable"]


def fenceable(node: Node) -> frozenset[str]:
    """The other nodes that can be fenced as this one is configured: `NodeView.can_be_fenced`."""
    found = node.fence_agents()
    return frozenset(name for name, agent in found.items() if isinstance(agent, FenceAgent) and name != node.name and not agent.problem())
