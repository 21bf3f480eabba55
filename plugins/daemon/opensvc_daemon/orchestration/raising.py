"""Raising: the way of an instance from down to up, through an announcement that the other nodes can object to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opensvc_daemon.orchestration.candidates import Choice, choose
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.guards import Clearance, clearance
from opensvc_daemon.orchestration.knowledge import Elsewhere, contest, elsewhere, released_by, unheard
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Guard, Reach, ServiceView

Orders = tuple[Order, ...]


def act(
    e: Evaluation,
    service: ServiceView,
    action: str,
    *reasons: Reason,
    request: str = "",
    confirmed_down: Sequence[str] = (),
    is_handed_over: bool = False,
) -> Orders:
    """An action on this node's instance, if one more may begin."""
    if e.slots <= 0:
        return nothing(service, Reason("parallel", "", (str(e.settings.max_parallel - e.slots),)), *reasons)
    e.slots -= 1
    order = Order(Do.ACT, service.path, action=action, request=request, confirmed_down=tuple(confirmed_down), reasons=reasons)
    return (order._replace(is_handed_over=is_handed_over),)


def nothing(service: ServiceView, *reasons: Reason) -> Orders:
    """Nothing to be done now, and why."""
    return (Order(Do.NOTHING, service.path, reasons=reasons),)


def announce(e: Evaluation, service: ServiceView, state: MonitorState, *reasons: Reason, rank: int = 0) -> Orders:
    """A state of the monitor without an action; nothing where it is so already."""
    if e.mine(service).monitor is state:
        return nothing(service, *reasons)
    return (Order(Do.ANNOUNCE, service.path, state=state, rank=rank, reasons=reasons),)


def stand_back(e: Evaluation, service: ServiceView, *reasons: Reason) -> Orders:
    """Not this node, or not now."""
    return announce(e, service, MonitorState.IDLE, *reasons)


def leave_be(e: Evaluation, service: ServiceView, *reasons: Reason) -> Orders:
    """Nothing is done with it, and what it announced before is taken back: others wait for nobody who won't come."""
    return stand_back(e, service, *reasons) if e.mine(service).monitor.is_open else nothing(service, *reasons)


def rise(
    e: Evaluation, service: ServiceView, rank: int, *reasons: Reason, is_hurried: bool = False, request: str = "", action: str = "start"
) -> Orders:
    """One step towards up: announce, wait for objections, satisfy the guard, start.

    `is_hurried`: a person asked for this node; nobody needs the ready period then, but everybody has to acknowledge. `action`: what
    starts it.
    """
    others = elsewhere(e, service) if service.is_failover else Elsewhere((), (), ())
    # one that announced itself goes by what it announced: that is what the others know
    announced = e.mine(service).rank if e.mine(service).monitor is MonitorState.READY else rank
    contested = contest(e, service, announced) if service.is_failover else ()
    hindrances = (*obstacles(e, service, others), *contested)
    if hindrances:
        return stand_back(e, service, *hindrances)
    missing = tuple(Reason("parents", "", (parent,)) for parent in service.parents if not e.is_up(parent))
    if missing:
        return announce(e, service, MonitorState.WAIT_PARENTS, *missing)
    cleared = clearance(e, service, others.uncertain) if service.is_failover else Clearance(is_clear=True)
    if cleared.is_hopeless:
        return stand_back(e, service, *cleared.reasons)
    if e.mine(service).monitor is not MonitorState.READY:
        return announce(e, service, MonitorState.READY, *reasons, rank=rank)
    waiting = tuple(_waiting(e, service, is_hurried=is_hurried))
    if waiting or not cleared.is_clear:
        return nothing(service, *waiting, *cleared.reasons) if waiting or not cleared.orders else cleared.orders
    why = (
        *reasons,
        *(() if is_hurried else (Reason("ready.over"),)),
        *cleared.reasons,
        *(Reason("fence.confirmed", node) for node in others.down),
        *(Reason("peer.left", node) for node in others.left),
    )
    names = (*others.down, *others.left, *cleared.confirmed_down)
    source = released_by(e, service, request) if is_hurried and service.is_failover and action == "start" else ""
    told = (Reason("peer.released", source),) if source else ()
    return act(e, service, action, *why, *told, request=request, confirmed_down=names, is_handed_over=bool(source))


def obstacles(e: Evaluation, service: ServiceView, others: Elsewhere) -> Iterator[Reason]:
    """Whatever forbids to start it here now, whoever asked for it."""
    if e.node.state is not NodeState.IDLE:
        yield Reason("self.state", e.me, (e.node.state.value,))
    if not e.timer.has_passed(e.view.awake_since, e.settings.heartbeat_timeout):
        yield Reason("self.woke", e.me, (e.timer.left(e.view.awake_since, e.settings.heartbeat_timeout),))
    if e.settings.has_quorum_rule and not e.votes.is_majority and not e.node.is_frozen:
        yield Reason("quorum.missing", "", e.votes.texts)
    mine = e.mine(service)
    for node, instance in e.present(service):
        if instance.config != mine.config:
            yield Reason("service.config", node)
        if not service.is_rolled_back and node != e.me and instance.monitor is MonitorState.START_FAILED:
            yield Reason("service.dirty", node)
    yield from others.blocking


# What stands against a start anywhere, whoever has it up until then.
_IN_GENERAL = frozenset({"node.init", "peer.shutting", "awaited", "service.config"})


def detained(e: Evaluation, service: ServiceView, others: Elsewhere) -> tuple[Reason, ...]:
    """Why what this node would stop for a move could not be started on another one at once, though that may pass."""
    against = tuple(reason for reason in obstacles(e, service, others) if reason.code in _IN_GENERAL)
    return against + tuple(Reason("parents", "", (parent,)) for parent in service.parents if not e.is_up(parent))


def _waiting(e: Evaluation, service: ServiceView, *, is_hurried: bool) -> Iterator[Reason]:
    """What a ready instance still waits for."""
    since, period = e.mine(service).monitor_since, e.settings.ready_period
    if not is_hurried and e.others(service) and not e.timer.has_passed(since, period):
        yield Reason("ready", "", (e.timer.left(since, period),))
    if service.is_failover:
        yield from unheard(e, service)


def raise_failover(e: Evaluation, service: ServiceView, *reasons: Reason, request: str = "") -> Orders:
    """A failover service that is down on this node and wanted somewhere."""
    active = [node for node in e.active(service) if node != e.me]
    if active:
        return stand_back(e, service, *_blocked_by(service, active))
    choice = choose(e, service)
    if not choice.candidates:
        return stand_back(e, service, *choice.excluded)
    leader = choice.candidates[0]
    if leader != e.me:
        mine = tuple(reason for reason in choice.excluded if reason.node == e.me)
        return stand_back(e, service, *mine, Reason("placement.preferred", leader))
    return rise(e, service, rank_of(service, e.me), *reasons, best_of(choice), request=request)


def rank_of(service: ServiceView, node: str) -> int:
    """The place of a node in the service's file: with it an instance announces that it is ready."""
    return service.nodes.index(node) if node in service.nodes else len(service.nodes)


def best_of(choice: Choice) -> Reason:
    """Why the first of the candidates was chosen."""
    return Reason("placement.leader", choice.candidates[0], (" ".join(choice.candidates),))


def _blocked_by(service: ServiceView, active: Sequence[str]) -> Iterator[Reason]:
    for node in active:
        status = service.instances[node].avail
        yield Reason({"warn": "service.warn", "undef": "service.undef"}.get(status.value, "service.up"), node)


def keeps_lease(e: Evaluation, service: ServiceView) -> bool:
    """Whether this node may need the lease in a moment."""
    mine = e.mine(service)
    return mine.may_be_active or mine.monitor is MonitorState.READY


def needs_lease(service: ServiceView) -> bool:
    """Whether nobody may have it active without a lease."""
    return service.guard is Guard.LEASE and service.is_failover


def is_silent(e: Evaluation, node: str) -> bool:
    """Whether a node may have done something that we don't know of."""
    found = e.view.nodes.get(node)
    return node != e.me and (found is None or found.reach in {Reach.HEARD, Reach.SILENT, Reach.UNSEEN})
