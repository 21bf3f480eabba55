"""Acting: orders take effect at once, without the time and the troubles of a real action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensvc_daemon.orchestration.absence import served_at_end
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.states import ACTIONS, STATE_OF, MonitorState
from opensvc_daemon.orchestration.view import Fencing, Lease, Reach

from opensvc_core.api import Status, merge
from stage.cluster import GENERATION, Stage


def carry_out(stage: Stage, me: str, order: Order) -> None:
    """What an order of node `me` makes of the cluster."""
    _BY[order.do](stage, me, order)


def _announce(stage: Stage, me: str, order: Order) -> None:
    stage.change(order.service, me, monitor=order.state, monitor_since=stage.now, rank=order.rank, monitor_generation=GENERATION)


def _act(stage: Stage, me: str, order: Order) -> None:
    path, action = order.service, order.action
    served = {"served": order.request} if order.request else {}
    if (path, me, action) in stage.failing:
        failed = {"failed_action": action} if action in ("freezestop", "switch") else {}
        stage.change(path, me, monitor=ACTIONS[STATE_OF[action]][1], monitor_since=stage.now, **served, **failed)
        return
    if action in ("delete", "purge"):
        service = stage.services[path]
        stage.services[path] = service._replace(instances={n: i for n, i in service.instances.items() if n != me})
        return
    ends = MonitorState.START_FAILED if action == "switch" else MonitorState.IDLE
    stage.change(path, me, monitor=ends, monitor_since=stage.now, **_EFFECTS[action](stage), **served)
    if action in ("start", "restart"):
        up = tuple(one._replace(status=Status.STDBY_UP if one.is_standby else Status.UP) for one in stage.instance(path, me).resources)
        stage.change(path, me, resources=up)


_EFFECTS: Mapping[str, Callable[[Stage], dict[str, Any]]] = {
    "start": lambda stage: {"avail": Status.UP, "expects_up": True, "is_left": False, "last_start": stage.now},
    "restart": lambda stage: {"avail": Status.UP, "expects_up": True, "is_left": False, "last_start": stage.now},
    "stop": lambda _: {"avail": Status.DOWN, "expects_up": False, "is_left": False},
    "shutdown": lambda _: {"avail": Status.DOWN, "expects_up": False, "is_left": False},
    "switch": lambda _: {"avail": Status.DOWN, "expects_up": False, "is_left": False},
    "freezestop": lambda _: {"avail": Status.DOWN, "expects_up": False, "is_left": False, "is_frozen": True},
    "freeze": lambda _: {"is_frozen": True},
    "thaw": lambda _: {"is_frozen": False},
    "provision": lambda _: {"is_provisioned": True, "is_incomplete": False},
    "unprovision": lambda _: {"is_provisioned": False},
}


def _interrupt(stage: Stage, me: str, order: Order) -> None:
    failed = ACTIONS[stage.instance(order.service, me).monitor][1]
    stage.change(order.service, me, monitor=failed, monitor_since=stage.now)


def _restart_resource(stage: Stage, me: str, order: Order) -> None:
    def tried(one: Any) -> Any:
        if one.rid not in order.rids:
            return one
        up = Status.STDBY_UP if one.is_standby else Status.UP
        status = one.status if (order.service, one.rid) in stage.broken else up
        return one._replace(restarts_left=one.restarts_left - 1, tried_at=stage.now, status=status)

    resources = tuple(tried(one) for one in stage.instance(order.service, me).resources)
    stage.change(order.service, me, resources=resources)
    was = stage.instance(order.service, me).monitor
    monitor = MonitorState.IDLE if was is MonitorState.READY else was
    stage.change(order.service, me, avail=merge(one.status for one in resources), monitor=monitor)


def _ask_lease(stage: Stage, me: str, order: Order) -> None:
    """The majority grants it to one node at a time, where the node has a majority."""
    holders = {node for (path, node), (lease, _) in stage.leases.items() if path == order.service and lease is Lease.HELD}
    grants = sum(1 for node in stage.nodes if node == me or stage.hears(me, node) is Reach.BEATING)
    grants += sum(1 for arbitrator in stage.arbitrators if me in stage.answers.get(arbitrator, ()))
    has_majority = 2 * grants > len(stage.nodes) + len(stage.arbitrators)
    is_granted = has_majority and not holders - {me}
    stage.leases[order.service, me] = (Lease.HELD if is_granted else Lease.REFUSED, stage.now)


def _release_lease(stage: Stage, me: str, order: Order) -> None:
    stage.leases[order.service, me] = (Lease.NONE, stage.now)


def _fence(stage: Stage, _me: str, order: Order) -> None:
    if order.node in stage.unfenceable:
        stage.change_node(order.node, fencing=Fencing.FAILED, fencing_since=stage.now)
        return
    end(stage, order.node)
    for pair in [pair for pair in stage.reaches if order.node in pair]:
        stage.reaches.pop(pair)
        stage.memories.pop(pair, None)
    stage.change_node(order.node, reach=Reach.GONE, reach_since=stage.now, fencing=Fencing.CONFIRMED, fencing_since=stage.now)


def _leave(stage: Stage, me: str, order: Order) -> None:
    if order.action == "stop":
        return
    others = [name for name in stage.nodes if name != me]
    stage.cut([me], others, stage.now)
    end(stage, me)
    stage.change_node(me, reach=Reach.SILENT, reach_since=stage.now)


def end(stage: Stage, node: str) -> None:
    """Its power is off."""
    for path, service in stage.services.items():
        if node in service.instances:
            stage.change(path, node, avail=Status.DOWN, monitor=MonitorState.IDLE)
            stage.leases.pop((path, node), None)


def _node_state(stage: Stage, me: str, order: Order) -> None:
    stage.change_node(me, state=order.node_state, state_since=stage.now)


def _end_request(stage: Stage, me: str, order: Order) -> None:
    for node, instance in stage.services[order.service].instances.items():
        if instance.request and instance.request.id == order.request and order.progress and stage.hears(me, node) is Reach.BEATING:
            ended = instance.request.ended(order.progress)
            stage.change(order.service, node, request=ended, served=served_at_end(instance, ended))


def _only_told(_stage: Stage, _me: str, _order: Order) -> None:
    """What has no effect on this cluster."""


_BY: Mapping[Do, Callable[[Stage, str, Order], None]] = {
    Do.NOTHING: _only_told,
    Do.RUN: _only_told,
    Do.ANNOUNCE: _announce,
    Do.ACT: _act,
    Do.INTERRUPT: _interrupt,
    Do.RESTART_RESOURCE: _restart_resource,
    Do.ASK_LEASE: _ask_lease,
    Do.RELEASE_LEASE: _release_lease,
    Do.FENCE: _fence,
    Do.LEAVE: _leave,
    Do.NODE_STATE: _node_state,
    Do.END_REQUEST: _end_request,
}
