"""Provisioning: what a service needs is made on one node after the other, the leader first.

To make something is to start what it stands on, so the instance is active for a moment. It gets there by the gates of a start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from opensvc_core.api import Status
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.guards import ask_lease
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.raising import Orders, act, leave_be, needs_lease, nothing, rise
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.removing import old_knowledge, unreached
from opensvc_daemon.orchestration.requests import Progress, Request
from opensvc_daemon.orchestration.serving import done, end, failure, missing, why
from opensvc_daemon.orchestration.states import AWAITED, MonitorState, NodeState
from opensvc_daemon.orchestration.view import Guard, InstanceView, Lease, ServiceView

_LEAVING = frozenset({NodeState.DRAINING, NodeState.SHUTTING, *AWAITED})
_SEEN_UP = frozenset({Status.UP, Status.WARN})


def provision(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """The next step; none where every node that is there has what it needs."""
    if failed := failure(e, service, MonitorState.PROVISION_FAILED):
        return end(service, request, Progress.FAILED, *failed)
    unmade = tuple(_late(e, service, request, _is_made(request)))
    if not unmade:
        return ()
    # nothing is made under somebody who may use it, and nobody is fenced for it
    if (service.has_data_at_stake or service.guard is Guard.FENCE) and (silent := tuple(unreached(e, service))):
        return leave_be(e, service, *silent)
    up = e.seen_up(service) if service.is_failover else ()
    return _while_up(e, service, request, up) if up else _in_turn(e, service, request, unmade)


def _late(e: Evaluation, service: ServiceView, request: Request, is_done: Callable[[InstanceView], bool]) -> Iterator[Reason]:
    """The nodes that are not done yet. One that is on its way out keeps nobody waiting."""
    waiting = missing(e, service, request, is_done, waits_for_silent=False)
    return (reason for reason in waiting if not _is_leaving(e, reason.node))


def _is_leaving(e: Evaluation, node: str) -> bool:
    return e.view.nodes[node].state in _LEAVING


def _in_turn(e: Evaluation, service: ServiceView, request: Request, unmade: Sequence[Reason]) -> Orders:
    """The leader before the others, because it makes what is shared; of a failover service one at a time."""
    is_made = _is_made(request)
    leader = ranked(e.view, service, [node for node, _ in e.present(service) if not _is_leaving(e, node)])[0]
    if is_made(e.mine(service)) or _is_leaving(e, e.me):
        return leave_be(e, service, *unmade)
    if leader != e.me and not is_made(service.instances[leader]):
        return leave_be(e, service, Reason("request.waiting", leader))
    return _make(e, service, request)


def _is_made(request: Request) -> Callable[[InstanceView], bool]:
    """Whether an instance has all that it needs, or has been given what can be made of it. What nobody has looked at may lack something."""

    def is_made(instance: InstanceView) -> bool:
        is_whole = instance.is_provisioned and not instance.is_incomplete and instance.avail is not Status.UNDEF
        return is_whole or instance.served == request.id

    return is_made


def _make(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    if service.is_failover:
        return rise(e, service, -1, why(request), is_hurried=True, request=request.id, action="provision")
    if service.has_data_at_stake and (old := old_knowledge(e, service)):
        return nothing(service, *old)
    return act(e, service, "provision", why(request), request=request.id)


def _while_up(e: Evaluation, service: ServiceView, request: Request, up: Sequence[str]) -> Orders:
    """Where it is up what it lacks is made; elsewhere it would be active a second time, so that has to wait for another request."""
    is_made = _is_made(request)
    if e.me in up and not is_made(e.mine(service)):
        if needs_lease(service) and service.lease is not Lease.HELD:
            return ask_lease(e, service)
        return act(e, service, "provision", why(request), request=request.id)
    if late := tuple(_late(e, service, request, lambda instance: instance.avail not in _SEEN_UP or is_made(instance))):
        return leave_be(e, service, *late)
    lacking = tuple(Reason("request.provision-up", node, (up[0],)) for node, instance in e.present(service) if not instance.is_provisioned)
    if not lacking:
        return done(service, request)
    # who comes back when all the others have been provisioned, and it is up again, undoes nothing of that
    has_served = any(service.instances[node].served == request.id for node in up)
    return end(service, request, Progress.DONE if has_served else Progress.REFUSED, *lacking)
