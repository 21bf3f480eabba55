"""Keeping: what a node does for an instance that is up: resources that failed, the lease, a split, one instance too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opensvc_core.api import Status
from opensvc_daemon.orchestration.candidates import choose
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.guards import ask_lease
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.raising import Orders, act, announce, needs_lease, nothing, stand_back
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import MonitorState
from opensvc_daemon.orchestration.view import Guard, Lease, ResourceView, ServiceView

_FAILED = frozenset({Status.DOWN, Status.STDBY_DOWN})
# Heartbeat timeouts in which what a node has said arrives, or never does.
_UNTOLD = 6
# Monitor actions that end the node.
_LEAVING = frozenset({"crash", "reboot"})


def keep(e: Evaluation, service: ServiceView) -> Orders:
    """An instance that is active here and not frozen."""
    if needs_lease(service) and service.lease is not Lease.HELD:
        return _renew(e, service)
    if service.is_failover:
        active = e.seen_up(service)
        if e.me in active and len(active) > 1:
            return resolve_split(e, service, active)
    else:
        excess = _excess(e, service)
        if excess:
            return excess
    orders = tend(e, service)
    if not orders and e.mine(service).monitor is not MonitorState.IDLE:
        return stand_back(e, service, Reason("service.up", e.me))
    if not orders and e.mine(service).avail is Status.UNDEF:
        return nothing(service, Reason("service.undef", e.me))
    return orders


def _renew(e: Evaluation, service: ServiceView) -> Orders:
    """It is active and has no lease: it was started by hand, or found after a restart of the daemon."""
    if service.lease is Lease.REFUSED:
        return act(e, service, "stop", Reason("lease.refused"))
    return ask_lease(e, service)


def resolve_split(e: Evaluation, service: ServiceView, active: list[str]) -> Orders:
    """A failover service that is active twice: never stopped by chance, never left without a word."""
    told = Reason("split", "", (" ".join(sorted(active)),))
    if unsure := tuple(doubts(e, active)):
        return nothing(service, *unsure)
    untold = tuple(Reason("split.untold", node) for node in active if node != e.me and not e.view.nodes[node].is_told)
    if needs_lease(service):
        return nothing(service, told, *untold, Reason("split.lease"))
    alone = [node for node in active if service.instances[node].is_alone]
    is_known = not untold  # nothing is stopped for what may not be so any more
    if is_known and service.split_resolution == "quorum" and len(alone) == len(active) - 1:
        keeper = next(node for node in active if node not in alone)
        if keeper == e.me:
            return nothing(service, told, Reason("split.quorum", keeper))
        return act(e, service, "stop", told, Reason("split.quorum", keeper))
    return act(e, service, "freeze", told, *untold, Reason("split.freeze"))


def _may_still_tell(e: Evaluation, node: str) -> bool:
    """Whether what a node says by now is on its way; for ever it is not, where its beats alone get through."""
    return not e.timer.has_passed(e.view.nodes[node].untold_since, _UNTOLD * e.settings.heartbeat_timeout)


def doubts(e: Evaluation, active: Sequence[str]) -> Iterator[Reason]:
    """Why it may not be up on all of these nodes: what is known of one of them may be from before somebody was away."""
    if not e.timer.has_passed(e.view.awake_since, e.settings.heartbeat_timeout):
        # what it has read so far may be old: it was queued while this node was away
        yield Reason("self.woke", e.me, (e.timer.left(e.view.awake_since, e.settings.heartbeat_timeout),))
        return
    for node in (e.view.nodes[name] for name in active if name != e.me):
        if not node.is_told and _may_still_tell(e, node.name):
            yield Reason("split.untold", node.name)
        elif node.is_told and not e.timer.has_passed(node.reach_since, e.settings.heartbeat_timeout):
            yield Reason("split.heard", node.name, (e.timer.left(node.reach_since, e.settings.heartbeat_timeout),))


def _excess(e: Evaluation, service: ServiceView) -> Orders:
    """More instances of a flex service than are wanted: the ones that placement likes least stop."""
    active = e.seen_up(service)
    wanted = flex_target(service)
    if e.me not in active or len(active) <= wanted:
        return ()
    candidates = choose(e, service).candidates
    order = [*candidates, *ranked(e.view, service, [node for node in active if node not in candidates])]
    keepers = [node for node in order if node in active][:wanted]
    if e.me in keepers:
        return ()
    return act(e, service, "stop", Reason("flex.excess", "", (str(len(active)), str(wanted))))


def flex_target(service: ServiceView) -> int:
    """How many instances of a flex service are wanted."""
    most = service.flex_max or len(service.nodes)
    return max(service.flex_min, min(service.flex_target, most, len(service.nodes)))


def is_retrying(e: Evaluation, service: ServiceView) -> bool:
    """Whether resources that failed here are still to be started again, one by one."""
    mine = e.mine(service)
    return mine.expects_up and any(
        resource.status in _FAILED and resource.restarts_left > 0 and not resource.is_standby and not resource.is_disabled
        for resource in mine.resources
    )


def tend(e: Evaluation, service: ServiceView, *, is_expected_up: bool = True) -> Orders:
    """The resources that are to be up here and are not. `is_expected_up` = False: only the standby resources."""
    mine = e.mine(service)
    is_up = mine.expects_up and is_expected_up
    failed = [resource for resource in mine.resources if _is_wanted(resource, is_up=is_up) and resource.status in _FAILED]
    retried = tuple(order for resource in failed for order in _retry(e, service, resource))
    lost = [r for r in failed if r.is_monitored and not r.is_standby and r.restarts_left <= 0]
    if not lost:
        return retried
    hindrance = _without_action(e, service, lost[0].rid)
    if hindrance is None:
        return _monitor_action(e, service, lost[0].rid)
    # nothing follows, so the others are kept up all the same
    return (*nothing(service, hindrance), *(order for order in retried if order.do is Do.RESTART_RESOURCE or lost[0].rid not in order.rids))


def _is_wanted(resource: ResourceView, *, is_up: bool) -> bool:
    return not resource.is_disabled and (resource.is_standby or is_up)


def _retry(e: Evaluation, service: ServiceView, resource: ResourceView) -> Iterator[Order]:
    """A resource is started again as often as its `restart` allows, not sooner than its delay."""
    if resource.restarts_left <= 0:
        yield Order(Do.NOTHING, service.path, rids=(resource.rid,), reasons=(Reason("resource.down", "", (resource.rid,)),))
    elif resource.tried_at is not None and not e.timer.has_passed(resource.tried_at, resource.restart_delay):
        left = e.timer.left(resource.tried_at, resource.restart_delay)
        yield Order(Do.NOTHING, service.path, rids=(resource.rid,), reasons=(Reason("resource.delay", "", (resource.rid, left)),))
    else:
        why = (
            Reason("resource.standby", "", (resource.rid,))
            if resource.is_standby
            else Reason("resource.restart", "", (resource.rid, str(resource.restarts_left)))
        )
        yield Order(Do.RESTART_RESOURCE, service.path, rids=(resource.rid,), reasons=(why,))


def has_next_action(e: Evaluation, service: ServiceView) -> bool:
    """Whether it was a monitor action that failed, and another one is configured to follow it."""
    mine = e.mine(service)
    return mine.monitor is MonitorState.STOP_FAILED and mine.failed_action in service.monitor_action and bool(_left(e, service))


def _left(e: Evaluation, service: ServiceView) -> Sequence[str]:
    """The monitor actions that have not failed yet."""
    failed, actions = e.mine(service).failed_action, service.monitor_action
    return actions[actions.index(failed) + 1 :] if failed in actions else actions


def _without_action(e: Evaluation, service: ServiceView, rid: str) -> Reason | None:
    """Why no action follows when a monitored resource stays down; None: one does."""
    if not service.monitor_action or service.monitor_action[0] == "none":
        return Reason("monitor.no-action", "", (rid,))
    if not [node for node in choose(e, service).candidates if node != e.me]:
        return Reason("monitor.no-candidate", "", (rid,))
    left = _left(e, service)
    if not left:
        return Reason("monitor.failed", "", (rid, e.mine(service).failed_action))
    if left[0] in _LEAVING and not _is_taken_over_in_silence(e, service):
        return Reason("monitor.no-takeover", e.me, (rid, left[0]))
    return None


def _monitor_action(e: Evaluation, service: ServiceView, rid: str) -> Orders:
    """What follows when a monitored resource stays down: the first of the configured actions that has not failed."""
    why = Reason("monitor.action", "", (rid,))
    orders = _carried_out(e, service, _left(e, service)[0], why)
    begins = any(order.do is not Do.NOTHING for order in orders)
    return (*(_before(service, e.mine(service).failed_action, why) if begins else ()), *orders)


def _is_taken_over_in_silence(e: Evaluation, service: ServiceView) -> bool:
    """Whether others could start the service when this node is gone without a last word."""
    if service.guard is Guard.FENCE:
        return e.node.can_be_fenced
    return service.guard is not Guard.NONE or not service.has_data_at_stake


def _before(service: ServiceView, failed: str, why: Reason) -> Orders:
    """The administrator's command before the first of the actions."""
    if not service.pre_monitor_action or failed:
        return ()
    return (Order(Do.RUN, service.path, action=service.pre_monitor_action, reasons=(why,)),)


def _carried_out(e: Evaluation, service: ServiceView, action: str, why: Reason) -> Orders:
    if action in _LEAVING:
        return (Order(Do.LEAVE, service.path, action=action, reasons=(why,)),)
    return act(e, service, action, why, is_handed_over=action == "switch")


def lower(
    e: Evaluation,
    service: ServiceView,
    action: str,
    *reasons: Reason,
    request: str = "",
    is_here: bool = False,
    is_handed_over: bool = False,
) -> Orders:
    """A stop in order: the children first, on all nodes or, where only this node is left, here."""
    children = [child if not is_here or "@" in child else f"{child}@{e.me}" for child in service.children]
    waiting = tuple(Reason("children", "", (child,)) for child in children if not e.is_down(child))
    if waiting:
        return announce(e, service, MonitorState.WAIT_CHILDREN, *waiting)
    return act(e, service, action, *reasons, request=request, is_handed_over=is_handed_over)
