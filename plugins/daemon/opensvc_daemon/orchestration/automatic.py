"""What happens without anybody asking: by topology, and by what `orchestrate` allows."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_daemon.orchestration.candidates import choose
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.keeping import doubts, flex_target, has_next_action, is_retrying, keep, tend
from opensvc_daemon.orchestration.knowledge import elsewhere, unheard
from opensvc_daemon.orchestration.orders import Do
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.raising import (
    Orders,
    announce,
    leave_be,
    nothing,
    obstacles,
    raise_failover,
    rank_of,
    rise,
    stand_back,
)
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import MonitorState
from opensvc_daemon.orchestration.view import Guard, ServiceView


def run_itself(e: Evaluation, service: ServiceView) -> Orders:
    """What this node does with its instance on its own."""
    mine = e.mine(service)
    frozen = _frozen(e, service)
    if frozen:
        return leave_be(e, service, *_split(e, service), *frozen)
    if mine.is_active and mine.monitor.is_failed and (_split(e, service) or has_next_action(e, service)):
        return keep(e, service)
    if mine.monitor.is_failed:
        return nothing(service, Reason("instance.failed", e.me, (mine.monitor.value,)))
    if mine.is_active:
        return keep(e, service)
    return _of_a_down_one(e, service)


def _of_a_down_one(e: Evaluation, service: ServiceView) -> Orders:
    """An instance that is down here: its standby resources, restarts of what just failed, or the way up of the whole."""
    if not e.mine(service).is_provisioned:  # which says so: there is nothing yet, or nothing any more, to be kept up
        return _rise_by_itself(e, service)
    # taken over while this node was away: what failed here before is no reason for anything any more
    is_elsewhere = service.is_failover and bool(e.seen_up(service))
    tended = tend(e, service, is_expected_up=not is_elsewhere)
    if any(order.do in {Do.ACT, Do.LEAVE} for order in tended):
        return tended
    if is_elsewhere or not is_retrying(e, service):
        return _beside(_rise_by_itself(e, service), tended)
    if not service.is_failover:
        return tended
    if _is_undisputed(e, service):
        return _once_acknowledged(e, service, tended)
    return _beside(_rise_by_itself(e, service), tend(e, service, is_expected_up=False))


def _beside(rising: Orders, tended: Orders) -> Orders:
    """The way up of the whole, and its standby resources. Who stands back is ready no more when they are restarted; a start starts all."""
    if any(order.do is Do.ACT for order in rising):
        return rising
    stands_back = any(order.do is Do.ANNOUNCE and order.state is MonitorState.IDLE for order in rising)
    return (*rising, *tended) if stands_back else (*tended, *rising)


def _once_acknowledged(e: Evaluation, service: ServiceView, orders: Orders) -> Orders:
    """What activates an instance that is down as a whole is announced like a start, and waits for the others to know it."""
    if e.mine(service).monitor is not MonitorState.READY:
        return announce(
            e, service, MonitorState.READY, *(reason for order in orders for reason in order.reasons), rank=rank_of(service, e.me)
        )
    waiting = tuple(unheard(e, service))
    return nothing(service, *waiting) if waiting else orders


def _is_undisputed(e: Evaluation, service: ServiceView) -> bool:
    """Whether a failover service that just failed here may be activated here once more: nobody else could start it."""
    others = elsewhere(e, service)
    if others.uncertain or service.guard in {Guard.LEASE, Guard.EXCLUSIVE} or any(True for _ in obstacles(e, service, others)):
        return False
    if any(instance.monitor is MonitorState.READY for node, instance in e.present(service) if node != e.me):
        return False
    return service.orchestrate == "no" or _starter(e, service) == e.me


def _starter(e: Evaluation, service: ServiceView) -> str:
    """The node that starts it by itself; empty: none."""
    if service.orchestrate == "start":
        return next(iter(_natural(e, service)), "")
    return next(iter(choose(e, service).candidates), "")


def _natural(e: Evaluation, service: ServiceView) -> Sequence[str]:
    return ranked(e.view, service, [node for node in service.nodes if node in e.view.nodes])


def _frozen(e: Evaluation, service: ServiceView) -> tuple[Reason, ...]:
    node = (Reason("node.frozen", e.me),) if e.node.is_frozen else ()
    return (*node, Reason("instance.frozen", e.me)) if e.mine(service).is_frozen else node


def _split(e: Evaluation, service: ServiceView) -> tuple[Reason, ...]:
    """A failover service that is active here and elsewhere: said for as long as it is so."""
    active = e.seen_up(service)
    if service.is_failover and e.me in active and len(active) > 1 and not any(doubts(e, active)):
        return (Reason("split", "", (" ".join(sorted(active)),)),)
    return ()


def _rise_by_itself(e: Evaluation, service: ServiceView) -> Orders:
    if service.orchestrate == "no":
        return stand_back(e, service, Reason("orchestrate.no"))
    if service.placement == "none":
        return stand_back(e, service, Reason("placement.none"))
    if service.orchestrate == "start":
        natural = _natural(e, service)
        if service.is_failover and (not natural or natural[0] != e.me):
            return stand_back(e, service, Reason("orchestrate.start", "", (natural[0] if natural else "nobody",)))
    if service.is_failover:
        return raise_failover(e, service, Reason("service.wanted"))
    return raise_flex(e, service)


def raise_flex(e: Evaluation, service: ServiceView, request: str = "") -> Orders:
    """A flex service of which instances are missing: the best candidates that are down start."""
    risen, wanted = e.risen(service), flex_target(service)
    missing = Reason("flex.missing", "", (str(len(risen)), str(wanted)))
    if len(risen) >= wanted:
        return stand_back(e, service, missing)
    choice = choose(e, service)
    starters = [node for node in choice.candidates if node not in risen][: wanted - len(risen)]
    if e.me in starters:
        return rise(e, service, rank_of(service, e.me), missing, request=request)
    mine = tuple(reason for reason in choice.excluded if reason.node == e.me)
    return stand_back(e, service, *mine, *(Reason("placement.preferred", node) for node in starters), missing)
