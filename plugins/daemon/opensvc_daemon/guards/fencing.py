"""Fencing: the one door to the fence agents. A node is fenced when the agent has confirmed it, and not before."""

from __future__ import annotations

from opensvc_core.api import ActionFailed, FenceAgent, Node, OpensvcError


def fence(node: Node, target: str, limit: float | None = None) -> None:
    """Return when a node is confirmed to be down.

    Parameters:
        node: this node.
        target: the one to be fenced.
        limit: seconds; not more than the `timeout` of `[stonith#TARGET]`, which counts where there is none.

    Raises ActionFailed, with the reason in a line, in every other case.
    """
    agent = _agent(node, target.lower())
    seconds = agent.timeout if limit is None else min(limit, agent.timeout)
    if problem := agent.problem():
        raise ActionFailed(problem)
    try:
        agent.fence(seconds)
    except ActionFailed:
        raise
    except Exception as error:  # whatever a plugin raises, it is no confirmation
        raise ActionFailed(f"{agent.place.name}: {target} is not known to be down: {type(error).__name__}: {error}") from error


def fenceable(node: Node) -> frozenset[str]:
    """The other nodes that can be fenced as this one is configured: `NodeView.can_be_fenced`."""
    found = node.fence_agents()
    return frozenset(name for name, agent in found.items() if isinstance(agent, FenceAgent) and name != node.name and not agent.problem())


def _agent(node: Node, target: str) -> FenceAgent:
    if target == node.name.lower():
        raise ActionFailed(f"{target} is this node: it can't confirm its own end")
    found = node.fence_agents().get(target)
    if found is None:
        raise ActionFailed(f"nothing is configured to fence {target}: [stonith#{target}] of cluster.conf says how")
    if isinstance(found, OpensvcError):
        raise ActionFailed(f"{target} can't be fenced: {found}")
    return found
