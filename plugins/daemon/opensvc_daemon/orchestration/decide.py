"""The decision: from what one node knows of its cluster to what it is to do now."""

from __future__ import annotations

from opensvc_daemon.orchestration.absence import catch_up
from opensvc_daemon.orchestration.automatic import run_itself
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.guards import ask_lease
from opensvc_daemon.orchestration.members import drained, has_lost, leave, node_orders, shut
from opensvc_daemon.orchestration.orders import Decision, Do, Order
from opensvc_daemon.orchestration.pursuing import hindered, pursue
from opensvc_daemon.orchestration.raising import Orders, keeps_lease, leave_be, needs_lease, nothing
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Request, Wish
from opensvc_daemon.orchestration.serving import why
from opensvc_daemon.orchestration.states import RISING, WAYS_OUT, MonitorState, NodeState
from opensvc_daemon.orchestration.view import Lease, ServiceView, View

# The node only looks: others are told, nothing is done.
_WATCHING = frozenset({NodeState.INIT, NodeState.MAINTENANCE, NodeState.UPGRADE})
# Wishes that an earlier failure does not stand against: they are a person's way out of it. When they fail too, they end.
_WAYS_OUT = frozenset({*map(Wish, WAYS_OUT), Wish.CLEAR, Wish.ABORT})

# What is said already of a lease that is missing.
_OF_LEASE = frozenset({"lease.needed", "lease.asked", "lease.refused"})


def decide(view: View, now: float) -> Decision:
    """What node `view.me` does now.

    Parameters:
        view: what it knows.
        now: seconds of the clock that the moments in the view are of.

    Returns the orders, the more important services first. An order is given again for as long as the view asks for it:
    given twice, it ends as if given once.
    """
    e = Evaluation(view, now)
    orders = list(node_orders(e))
    for service in sorted(view.services.values(), key=lambda service: (service.priority, service.path)):
        orders += service_orders(e, service)
    return Decision(tuple(orders), e.timer.wake)


def service_orders(e: Evaluation, service: ServiceView) -> Orders:
    """What is to be done with this node's instance of a service."""
    if e.me not in service.instances:
        return _without_instance(e, service)
    if service.is_managed:
        return _left_alone(e, service) or _of_managed(e, service)
    orders = _left_alone(e, service) or _of_the_node(e, service) or _of_people(e, service) or run_itself(e, service)
    return (*_of_the_lease(e, service, orders), *orders)


def _without_instance(e: Evaluation, service: ServiceView) -> Orders:
    """A lease that was asked for before the file named other nodes is for them."""
    if service.lease not in {Lease.ASKED, Lease.HELD}:
        return ()
    return (Order(Do.RELEASE_LEASE, service.path, reasons=(Reason("instance.missing", e.me), Reason("lease.idle"))),)


def _of_the_lease(e: Evaluation, service: ServiceView, orders: Orders) -> Orders:
    """A lease of what is down here, and not about to start, is given back: others may need it. One of what is up is asked for.

    Whatever is done with the instance: also what is frozen or failed is not to be granted to others while it is up here.
    """
    mine = e.mine(service)
    if service.lease is Lease.HELD:
        is_kept = keeps_lease(e, service) or any(order.state is MonitorState.READY for order in orders)
        return () if is_kept else (Order(Do.RELEASE_LEASE, service.path, reasons=(Reason("lease.idle"),)),)
    if not (needs_lease(service) and mine.is_active):
        return ()
    is_busy = mine.monitor.is_acting or e.node.state in _WATCHING or any(order.do is not Do.NOTHING for order in orders)
    is_told = any(reason.code in _OF_LEASE for order in orders for reason in order.reasons)
    return () if is_busy or is_told else ask_lease(e, service)


def _left_alone(e: Evaluation, service: ServiceView) -> Orders:
    mine = e.mine(service)
    if service.is_disabled:
        return leave_be(e, service, Reason("service.disabled"))
    if mine.monitor.is_acting:
        return _interrupted(e, service) or nothing(service, Reason("action.running", "", (mine.monitor.value,)))
    if e.node.state in _WATCHING:
        return leave_be(e, service, Reason("self.state", e.me, (e.node.state.value,)))
    return ()


def _interrupted(e: Evaluation, service: ServiceView) -> Orders:
    """A person gives up what is being started; what stops goes on, as nothing would be gained."""
    request = e.request(service)
    if request is None or request.wish is not Wish.ABORT or e.mine(service).monitor not in RISING:
        return ()
    return (Order(Do.INTERRUPT, service.path, request=request.id, reasons=(why(request),)),)


def _of_the_node(e: Evaluation, service: ServiceView) -> Orders:
    """What becomes of it because of what becomes of the node."""
    mine = e.mine(service)
    if e.node.state is NodeState.SHUTTING:
        return shut(e, service) if mine.has_anything_up and not mine.monitor.is_failed else leave_be(e, service, Reason("shutdown"))
    is_free = mine.is_active and not mine.is_frozen and not mine.monitor.is_failed
    if is_free and has_lost(e) and e.settings.split_action == "stop":
        return leave(e, service)
    return ()


def _of_people(e: Evaluation, service: ServiceView) -> Orders:
    """What people asked for."""
    mine = e.mine(service)
    request = e.request(service)
    is_drained = e.node.state is NodeState.DRAINING and mine.is_active and not mine.monitor.is_failed
    if request is not None:
        steps = _served(e, service, request)
        # what waits, for a silent node perhaps, keeps no node from being drained
        return (*steps, *drained(e, service)) if is_drained and all(order.do is Do.NOTHING for order in steps) else steps
    return catch_up(e, service) or (drained(e, service) if is_drained else ())


def _of_managed(e: Evaluation, service: ServiceView) -> Orders:
    """Another manager starts and stops it: what people ask for is done, such as a freeze, and nothing else."""
    request = e.request(service)
    if request is not None:
        return _served(e, service, request)
    return catch_up(e, service) or leave_be(e, service, Reason("service.managed"))


def _served(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """The next step of a request, where no failure stands against it."""
    mine = e.mine(service)
    if mine.monitor.is_failed and (request.wish not in _WAYS_OUT or mine.served == request.id):
        return hindered(e, service, request)
    return pursue(e, service, request)
