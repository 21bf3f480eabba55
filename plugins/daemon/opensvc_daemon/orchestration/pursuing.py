"""Pursuing a request: what this node contributes to what a person asked for, until it is done.

Every function here may be interrupted anywhere and begun again: it looks at what is, and takes the next step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opensvc_core.api import Status
from opensvc_daemon.orchestration.automatic import raise_flex
from opensvc_daemon.orchestration.candidates import choose
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.keeping import flex_target, lower
from opensvc_daemon.orchestration.moving import giveback, move
from opensvc_daemon.orchestration.orders import Do
from opensvc_daemon.orchestration.provisioning import provision
from opensvc_daemon.orchestration.raising import Orders, act, announce, leave_be, nothing, raise_failover
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.removing import delete, purge, unprovision
from opensvc_daemon.orchestration.requests import Progress, Request, Wish
from opensvc_daemon.orchestration.serving import DONE, Step, dirty, done, end, failure, missing, why
from opensvc_daemon.orchestration.states import RISING, MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, ServiceView

_MOVES = frozenset({Wish.SWITCH, Wish.TAKEOVER, Wish.GIVEBACK})


def pursue(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """The next step of a request on this node; its end, where this node sees that it is reached."""
    orders = _STEPS[request.wish](e, service, request)
    if not any(order.do is Do.END_REQUEST for order in orders):
        return orders
    unsure = tuple(_unsure(e))
    return tuple(order for order in orders if order.do is not Do.END_REQUEST) + nothing(service, *unsure) if unsure else orders


def _unsure(e: Evaluation) -> Iterator[Reason]:
    """Why this node ends no request: it has just begun, or woken up, and does not know who is there, nor what they did meanwhile."""
    if e.node.state is NodeState.REJOIN:
        yield Reason("self.state", e.me, (e.node.state.value,))
    elif not e.timer.has_passed(e.view.awake_since, e.settings.heartbeat_timeout):
        yield Reason("self.woke", e.me, (e.timer.left(e.view.awake_since, e.settings.heartbeat_timeout),))


def hindered(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """The last action failed here, so this node adds nothing to the request; it fails where no other node can serve it."""
    mine = e.mine(service)
    failed = Reason("instance.failed", e.me, (mine.monitor.value,))
    if request.wish in _MOVES:
        can_go_on = not mine.is_active and any(not one.monitor.is_failed for node, one in e.present(service) if node != e.me)
    elif request.wish in {Wish.START, Wish.PROVISION} or (request.wish is Wish.RESTART and mine.served != request.id):
        can_go_on = not mine.is_active and bool(e.active(service) or choose(e, service).candidates)
    else:
        can_go_on = False
    return nothing(service, failed) if can_go_on else end(service, request, Progress.FAILED, failed)


def _everywhere(action: str, *, waits_for_silent: bool) -> Step:
    """An action that each node does for itself."""

    def step(e: Evaluation, service: ServiceView, request: Request) -> Orders:
        is_done = DONE[action]
        if not is_done(e.mine(service)):
            return act(e, service, action, why(request), request=request.id)
        waiting = tuple(missing(e, service, request, is_done, waits_for_silent=waits_for_silent))
        return nothing(service, *waiting) if waiting else done(service, request)

    return step


def _stop(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Freeze everywhere, then stop everywhere: nobody takes over what another one stops."""
    mine = e.mine(service)
    if not mine.is_frozen:
        return act(e, service, "freeze", why(request), request=request.id)
    thawed = tuple(missing(e, service, request, lambda instance: instance.is_frozen, waits_for_silent=False))
    if thawed:
        return nothing(service, *thawed)
    if not _has_gone(mine, request):
        action = "shutdown" if request.wish is Wish.SHUTDOWN else "stop"
        return lower(e, service, action, why(request), request=request.id)
    waiting = tuple(missing(e, service, request, lambda instance: _is_stopped(instance, request), waits_for_silent=True))
    return leave_be(e, service, *waiting) if waiting else done(service, request)


def _is_stopped(instance: InstanceView, request: Request) -> bool:
    return instance.is_frozen and not instance.may_be_active and _has_gone(instance, request)


def _has_gone(instance: InstanceView, request: Request) -> bool:
    """Nothing is up that is to go: with a shutdown go standby resources too, wherever they are."""
    return not (instance.has_anything_up if request.wish is Wish.SHUTDOWN else instance.is_active)


def _start(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Thaw everywhere, then start where it belongs."""
    if e.mine(service).is_frozen:
        return act(e, service, "thaw", why(request), request=request.id)
    frozen = tuple(missing(e, service, request, lambda instance: not instance.is_frozen, waits_for_silent=False))
    return nothing(service, *frozen) if frozen else _raise(e, service, request)


def _provision(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Made everywhere, then started as by a start, where a node may run it."""
    if steps := provision(e, service, request):
        return steps
    choice = choose(e, service)
    may_start = e.active(service) or choice.candidates or e.mine(service).is_frozen
    return _start(e, service, request) if may_start else (*done(service, request), *leave_be(e, service, *choice.excluded))


def _raise(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    up = e.seen_up(service) if service.is_failover else e.active(service)
    broken = tuple(Reason("request.failed", node) for node in e.active(service) if _is_start_failed(service.instances[node]))
    if not broken and up and _is_enough(e, service, up):
        return done(service, request)
    if _has_nothing_to_start(e, service):
        return done(service, request)
    if failed := broken or _stuck(e, service):
        return end(service, request, Progress.FAILED, *failed)
    if e.me in up:
        return nothing(service, Reason("service.up", e.me))
    if service.is_failover:
        return raise_failover(e, service, why(request), request=request.id)
    return raise_flex(e, service, request=request.id)


def _has_nothing_to_start(e: Evaluation, service: ServiceView) -> bool:
    """A service of tasks alone is up nowhere: thawed it has all that a start brings."""
    return all(instance.avail is Status.NA and instance.is_provisioned for _, instance in e.present(service))


def _is_enough(e: Evaluation, service: ServiceView, up: list[str]) -> bool:
    """Whether as many are up as are wanted, or as can be: no other node is able, and none has failed."""
    if service.is_failover or len(up) >= flex_target(service):
        return True
    has_failed = bool(failure(e, service, MonitorState.START_FAILED))
    return not has_failed and all(node in up for node in choose(e, service).candidates)


def _is_start_failed(instance: InstanceView) -> bool:
    return instance.monitor is MonitorState.START_FAILED


def _stuck(e: Evaluation, service: ServiceView) -> tuple[Reason, ...]:
    """The failed starts after which no other one can follow."""
    active = () if service.is_failover else e.active(service)
    left = [node for node in choose(e, service).candidates if node not in active]
    return dirty(e, service) or (() if left else failure(e, service, MonitorState.START_FAILED))


def _restart(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Stop and start where it is; where it is nowhere, start."""
    mine = e.mine(service)
    active = [(node, instance) for node, instance in e.present(service) if instance.may_be_active]
    if failed := failure(e, service, MonitorState.RESTART_FAILED):
        return end(service, request, Progress.FAILED, *failed)
    if mine.is_active and mine.served != request.id:
        return lower(e, service, "restart", why(request), request=request.id)
    if waiting := tuple(Reason("request.waiting", node) for node, instance in active if instance.served != request.id):
        return nothing(service, *waiting)
    return done(service, request) if active else _start(e, service, request)


def _clear(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Forget that actions failed."""
    if e.mine(service).monitor.is_failed:
        return announce(e, service, MonitorState.IDLE, why(request))
    waiting = tuple(missing(e, service, request, lambda instance: not instance.monitor.is_failed, waits_for_silent=False))
    return nothing(service, *waiting) if waiting else done(service, request)


def _abort(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """It replaced the request before it, and waits for the end of what was being started."""
    if rising := tuple(missing(e, service, request, lambda instance: instance.monitor not in RISING, waits_for_silent=False)):
        return leave_be(e, service, *rising)
    return (*done(service, request), *leave_be(e, service, why(request)))


_STEPS: Mapping[Wish, Step] = {
    Wish.START: _start,
    Wish.STOP: _stop,
    Wish.SHUTDOWN: _stop,
    Wish.RESTART: _restart,
    Wish.FREEZE: _everywhere("freeze", waits_for_silent=True),
    Wish.THAW: _everywhere("thaw", waits_for_silent=False),
    Wish.SWITCH: move,
    Wish.TAKEOVER: move,
    Wish.GIVEBACK: giveback,
    Wish.PROVISION: _provision,
    Wish.UNPROVISION: unprovision,
    Wish.PURGE: purge,
    Wish.DELETE: delete,
    Wish.CLEAR: _clear,
    Wish.ABORT: _abort,
}
