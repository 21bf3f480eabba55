"""Former nodes: those that a service's file does not name any more, and that may have it active still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView, View


def named(view: View) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The services of which this node's instance has noted other nodes than it has to, with those. For the monitor, before it decides.

    They are noted, and outlive the daemon: who begins anew while a former node is silent has no other way to know of it.
    """
    for path, service in view.services.items():
        mine = service.instances.get(view.me)
        if mine is None or (mine.named == service.nodes and all(node in service.nodes for node in service.instances)):
            continue
        found = (*service.nodes, *_former(view, service, mine.named))
        if found != mine.named:
            yield path, found


def _former(view: View, service: ServiceView, known: Sequence[str]) -> Iterator[str]:
    for node in dict.fromkeys((*known, *service.instances)):
        if node not in {view.me, *service.nodes} and _may_have_it(view.nodes.get(node), service.instances.get(node)):
            yield node


def _may_have_it(node: NodeView | None, instance: InstanceView | None) -> bool:
    """Not one that is no member any more, is known to be down, or says itself that it has no instance."""
    if node is None or node.reach is Reach.GONE:
        return False
    has_told = node.reach is Reach.BEATING and node.is_told and node.state is not NodeState.INIT
    return instance is not None or not has_told
