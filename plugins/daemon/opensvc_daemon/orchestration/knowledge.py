"""What may be active elsewhere: for each other node of a service, what is known of it before the service is started here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import AWAITED, MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView


class Elsewhere(NamedTuple):
    """The other nodes of a service.

    Parameters:
        blocking: why nobody may start it now: it is active there, or may be within a moment.
        uncertain: nodes that are silent and may have it active: a guard is needed for each.
        down: nodes that are known to have it down because they are gone.
    """

    blocking: tuple[Reason, ...]
    uncertain: tuple[str, ...]
    down: tuple[str, ...]


def elsewhere(e: Evaluation, service: ServiceView) -> Elsewhere:
    """Look at every other node that may run it."""
    blocking: list[Reason] = []
    uncertain: list[str] = []
    down: list[str] = []
    for name in e.others(service):
        node = e.view.nodes.get(name)
        if node is not None and node.reach is Reach.GONE:
            down.append(name)
        elif node is not None and node.reach is Reach.BEATING:
            blocking += _said(node, service.instances.get(name))
        elif node is not None and node.reach is Reach.HEARD and (said := tuple(_said(node, service.instances.get(name)))):
            # alive, by its own word: nobody takes from it what it has
            blocking += said
        elif node is not None and _is_awaited(e, node):
            blocking.append(
                Reason("awaited", name, (node.state.value, e.timer.left(node.reach_since, e.settings.maintenance_grace_period)))
            )
        else:
            uncertain.append(name)
    return Elsewhere(tuple(blocking), tuple(uncertain), tuple(down))


def _said(node: NodeView, instance: InstanceView | None) -> Iterator[Reason]:
    """What a node that beats says against a start."""
    if instance is None:
        return
    if node.state is NodeState.INIT:
        yield Reason("node.init", node.name)
    elif instance.is_active:
        yield Reason("service.up", node.name)
    elif instance.may_be_active:
        yield Reason("service.acting", node.name, (instance.monitor.value,))
    if node.state is NodeState.SHUTTING:
        # it reboots, perhaps: for as long as a heartbeat is waited for, it may come back to its service
        yield Reason("peer.shutting", node.name)


def _is_awaited(e: Evaluation, node: NodeView) -> bool:
    return node.state in AWAITED and not e.timer.has_passed(node.reach_since, e.settings.maintenance_grace_period)


def contest(e: Evaluation, service: ServiceView, rank: int) -> Iterator[Reason]:
    """Peers that announced themselves as well, and come before `rank`: ranks decide that both nodes know."""
    for node, instance in e.present(service):
        if node != e.me and instance.monitor is MonitorState.READY and (instance.rank, node) < (rank, e.me):
            yield Reason("ready.contest", node)


def unheard(e: Evaluation, service: ServiceView) -> Iterator[Reason]:
    """Peers that have not yet acknowledged that this node is ready.

    A peer acknowledges with its own data of that moment. So of two nodes that are ready at the same time, at least one sees
    the other: no delay of messages makes both start.
    """
    announced = e.mine(service).monitor_generation
    for name in e.others(service):
        node = e.view.nodes.get(name)
        if node is not None and node.reach is Reach.BEATING and node.merged < announced:
            yield Reason("ready.unheard", name)
