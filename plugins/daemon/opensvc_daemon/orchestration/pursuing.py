"""Pursuing a request: what this node contributes to what a person asked for, until it is done.

Every function here may be interrupted anywhere and begun again: it looks at what is, and takes the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opensvc_daemon.orchestration.automatic import raise_flex
from opensvc_daemon.orchestration.candidates import Choice, choose, exclusions
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.keeping import flex_target, lower
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.raising import Orders, act, announce, is_silent, leave_be, nothing, raise_failover, rise, stand_back
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Progress, Request, Wish
from opensvc_daemon.orchestration.states import AWAITED, MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, ServiceView

Step = Callable[[Evaluation, ServiceView, Request], Orders]
_MOVES = frozenset({Wish.SWITCH, Wish.TAKEOVER, Wish.GIVEBACK})
# What passes by itself while a node beats: it is waited for, before anything is stopped.
_PASSING = frozenset({NodeState.INIT, *AWAITED})


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
    elif request.wish is Wish.START:
        can_go_on = not mine.is_active and bool(e.active(service) or choose(e, service).candidates)
    else:
        can_go_on = False
    return nothing(service, failed) if can_go_on else _end(service, request, Progress.FAILED, failed)


def _why(request: Request) -> Reason:
    words = " ".join([request.wish.value, *request.to])
    return Reason("request", "", (words,))


def _end(service: ServiceView, request: Request, progress: Progress, *reasons: Reason) -> Orders:
    return (Order(Do.END_REQUEST, service.path, request=request.id, progress=progress, reasons=(_why(request), *reasons)),)


def _done(service: ServiceView, request: Request) -> Orders:
    return _end(service, request, Progress.DONE, Reason("request.done", "", (request.wish.value,)))


def _failure(e: Evaluation, service: ServiceView, state: MonitorState) -> tuple[Reason, ...]:
    return tuple(Reason("request.failed", node) for node, instance in e.present(service) if instance.monitor is state)


def _missing(
    e: Evaluation, service: ServiceView, request: Request, is_done: Callable[[InstanceView], bool], *, waits_for_silent: bool
) -> Iterator[Reason]:
    """The nodes that have not done their part yet.

    What a peer says counts once it says that it knows the request: before that, it speaks of what was before.
    """
    for node in (e.me, *e.others(service)):
        instance = service.instances.get(node)
        if e.is_present(node):
            if instance is not None and not (_has_settled(e, node, instance, request) and is_done(instance)):
                yield Reason("request.waiting", node)
        elif waits_for_silent and is_silent(e, node) and (instance is None or not is_done(instance)):
            yield Reason("request.silent", node)


def _has_settled(e: Evaluation, node: str, instance: InstanceView, request: Request) -> bool:
    """Whether an instance is of this request, and not about to be frozen or thawed by an earlier one."""
    knows = node == e.me or (instance.request is not None and instance.request.id == request.id)
    has_looked = e.view.nodes[node].state is not NodeState.INIT
    return knows and has_looked and instance.monitor not in {MonitorState.FREEZING, MonitorState.THAWING}


# What each of these actions makes of an instance, so that it is not done twice.
_DONE: Mapping[str, Callable[[InstanceView], bool]] = {
    "freeze": lambda instance: instance.is_frozen,
    "thaw": lambda instance: not instance.is_frozen,
    "provision": lambda instance: instance.is_provisioned,
    "unprovision": lambda instance: not instance.is_provisioned,
}


def _everywhere(action: str, *, waits_for_silent: bool) -> Step:
    """An action that each node does for itself."""

    def step(e: Evaluation, service: ServiceView, request: Request) -> Orders:
        is_done = _DONE[action]
        if not is_done(e.mine(service)):
            return act(e, service, action, _why(request), request=request.id)
        waiting = tuple(_missing(e, service, request, is_done, waits_for_silent=waits_for_silent))
        return nothing(service, *waiting) if waiting else _done(service, request)

    return step


def _stop(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Freeze everywhere, then stop everywhere: nobody takes over what another one stops."""
    mine = e.mine(service)
    if not mine.is_frozen:
        return act(e, service, "freeze", _why(request), request=request.id)
    thawed = tuple(_missing(e, service, request, lambda instance: instance.is_frozen, waits_for_silent=False))
    if thawed:
        return nothing(service, *thawed)
    if mine.is_active:
        action = "shutdown" if request.wish is Wish.SHUTDOWN else "stop"
        return lower(e, service, action, _why(request), request=request.id)
    waiting = tuple(
        _missing(e, service, request, lambda instance: instance.is_frozen and not instance.may_be_active, waits_for_silent=True)
    )
    return leave_be(e, service, *waiting) if waiting else _done(service, request)


def _start(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Thaw everywhere, then start where it belongs."""
    if e.mine(service).is_frozen:
        return act(e, service, "thaw", _why(request), request=request.id)
    frozen = tuple(_missing(e, service, request, lambda instance: not instance.is_frozen, waits_for_silent=False))
    return nothing(service, *frozen) if frozen else _raise(e, service, request)


def _raise(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    up = e.active(service)
    if failed := tuple(Reason("request.failed", node) for node in up if service.instances[node].monitor is MonitorState.START_FAILED):
        return _end(service, request, Progress.FAILED, *failed)
    if len(up) >= (1 if service.is_failover else flex_target(service)):
        return _done(service, request)
    if not choose(e, service).candidates and (failed := _failure(e, service, MonitorState.START_FAILED)):
        return _end(service, request, Progress.FAILED, *failed)
    if e.me in up:
        return nothing(service, Reason("service.up", e.me))
    if service.is_failover:
        return raise_failover(e, service, _why(request), request=request.id)
    return raise_flex(e, service, request=request.id)


def _restart(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Stop and start where it is; where it is nowhere, start."""
    mine = e.mine(service)
    active = [(node, instance) for node, instance in e.present(service) if instance.may_be_active]
    if failed := _failure(e, service, MonitorState.RESTART_FAILED):
        return _end(service, request, Progress.FAILED, *failed)
    if mine.is_active and mine.served != request.id:
        return act(e, service, "restart", _why(request), request=request.id)
    if waiting := tuple(Reason("request.waiting", node) for node, instance in active if instance.served != request.id):
        return nothing(service, *waiting)
    return _done(service, request) if active else _start(e, service, request)


def _move(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Switch, takeover: down everywhere else, then up on the nodes that were named."""
    unable = tuple(reason for node in request.to for reason in _unable(e, service, node))
    if any(_is_passing(e, reason.node) for reason in unable):
        return stand_back(e, service, *unable)
    if not request.to or unable:
        progress = Progress.FAILED if any(reason.code == "instance.failed" for reason in unable) else Progress.REFUSED
        return _end(service, request, progress, *unable or (Reason("request.target", "", ("none was named",)),))
    return _go_to(e, service, request, request.to)


def _is_passing(e: Evaluation, node: str) -> bool:
    return e.is_present(node) and e.view.nodes[node].state in _PASSING


def _unable(e: Evaluation, service: ServiceView, node: str) -> tuple[Reason, ...]:
    """Why a node can't be gone to. What is up there already needs nothing."""
    return () if node in e.seen_up(service) else exclusions(e, service, node)


def _go_to(e: Evaluation, service: ServiceView, request: Request, targets: tuple[str, ...]) -> Orders:
    others = [node for node, instance in e.present(service) if instance.may_be_active and node not in targets]
    up = [node for node, instance in e.present(service) if instance.is_active and node in targets]
    if not others and len(up) == len(targets):
        return _done(service, request)
    mine = e.mine(service)
    if e.me not in targets:
        if mine.is_active and (service.is_failover or len(up) == len(targets)):
            return act(e, service, "stop", _why(request), request=request.id)
        return stand_back(e, service, *(Reason("request.waiting", node) for node in targets))
    if mine.is_active:
        late = [node for node in targets if node not in up]
        return nothing(service, *(Reason("request.waiting", node) for node in (*others, *late)))
    if service.is_failover and others:
        return stand_back(e, service, *(Reason("request.waiting", node) for node in others))
    return rise(e, service, -1, _why(request), is_hurried=True, request=request.id)


def _giveback(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """To where placement wants it. A node that has it up is a candidate like the others."""
    choice: Choice = choose(e, service)
    wanted = 1 if service.is_failover else flex_target(service)
    targets = choice.candidates[:wanted]
    if not targets:
        return _end(service, request, Progress.REFUSED, Reason("request.unavailable"), *choice.excluded)
    return _go_to(e, service, request, targets)


def _in_turn(action: str, *, is_leader_first: bool) -> Step:
    """An action that the leader does before the others, or after them."""

    def step(e: Evaluation, service: ServiceView, request: Request) -> Orders:
        if failed := _failure(e, service, _FAILED_STATE[action]):
            return _end(service, request, Progress.FAILED, *failed)
        order = list(ranked(e.view, service, [node for node, _ in e.present(service)]))
        first = order[:1] if is_leader_first else order[1:]
        waits_for = [node for node in first if e.me not in first and not _DONE[action](service.instances[node])]
        if not is_leader_first and (up := tuple(_missing(e, service, request, lambda i: not i.may_be_active, waits_for_silent=False))):
            return _lower_all(e, service, request, up)
        if not _DONE[action](e.mine(service)):
            if waits_for:
                return nothing(service, *(Reason("request.waiting", node) for node in waits_for))
            return act(e, service, action, _why(request), request=request.id)
        waiting = tuple(_missing(e, service, request, _DONE[action], waits_for_silent=not is_leader_first))
        return nothing(service, *waiting) if waiting else _done(service, request)

    return step


def _lower_all(e: Evaluation, service: ServiceView, request: Request, up: tuple[Reason, ...]) -> Orders:
    if e.mine(service).is_active:
        return lower(e, service, "stop", _why(request), request=request.id)
    return leave_be(e, service, *up)


_FAILED_STATE: Mapping[str, MonitorState] = {
    "provision": MonitorState.PROVISION_FAILED,
    "unprovision": MonitorState.UNPROVISION_FAILED,
}


def _purge(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Down everywhere, then away: the leader last, because what is shared is removed once."""
    up = tuple(_missing(e, service, request, lambda instance: not instance.may_be_active, waits_for_silent=False))
    if up and any(instance.is_active for _, instance in e.present(service)):
        return _lower_all(e, service, request, up)
    order = ranked(e.view, service, [node for node, _ in e.present(service)])
    if e.me == order[0] and len(order) > 1:
        return nothing(service, *(Reason("request.waiting", node) for node in order[1:]))
    return act(e, service, "purge", _why(request), request=request.id)


def _delete(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """The file goes; what is up stays up."""
    return act(e, service, "delete", _why(request), request=request.id)


def _clear(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Forget that actions failed."""
    if e.mine(service).monitor.is_failed:
        return announce(e, service, MonitorState.IDLE, _why(request))
    waiting = tuple(_missing(e, service, request, lambda instance: not instance.monitor.is_failed, waits_for_silent=False))
    return nothing(service, *waiting) if waiting else _done(service, request)


def _abort(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """It replaced the request before it; that is all it is for."""
    return (*_done(service, request), *leave_be(e, service, _why(request)))


_STEPS: Mapping[Wish, Step] = {
    Wish.START: _start,
    Wish.STOP: _stop,
    Wish.SHUTDOWN: _stop,
    Wish.RESTART: _restart,
    Wish.FREEZE: _everywhere("freeze", waits_for_silent=True),
    Wish.THAW: _everywhere("thaw", waits_for_silent=False),
    Wish.SWITCH: _move,
    Wish.TAKEOVER: _move,
    Wish.GIVEBACK: _giveback,
    Wish.PROVISION: _in_turn("provision", is_leader_first=True),
    Wish.UNPROVISION: _in_turn("unprovision", is_leader_first=False),
    Wish.PURGE: _purge,
    Wish.DELETE: _delete,
    Wish.CLEAR: _clear,
    Wish.ABORT: _abort,
}
