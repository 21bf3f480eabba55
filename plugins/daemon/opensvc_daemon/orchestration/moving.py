"""Moving: switch, takeover and giveback. Nothing is stopped for a move after which no start could follow."""

from __future__ import annotations

from opensvc_daemon.orchestration.candidates import Choice, choose, exclusions
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.guards import hopeless
from opensvc_daemon.orchestration.keeping import flex_target, lower
from opensvc_daemon.orchestration.knowledge import elsewhere
from opensvc_daemon.orchestration.raising import Orders, detained, nothing, rise, stand_back
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Progress, Request
from opensvc_daemon.orchestration.serving import dirty, done, end, why
from opensvc_daemon.orchestration.states import AWAITED, NodeState
from opensvc_daemon.orchestration.view import ServiceView

# What passes by itself while a node beats: it is waited for, before anything is stopped.
_PASSING = frozenset({NodeState.INIT, *AWAITED})


def move(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Switch, takeover: down everywhere else, then up on the nodes that were named."""
    unable = tuple(reason for node in request.to for reason in _unable(e, service, node))
    if any(_is_passing(e, reason.node) for reason in unable):
        return stand_back(e, service, *unable)
    if service.is_failover and len(set(request.to)) > 1:
        return end(service, request, Progress.REFUSED, Reason("request.targets", "", (" ".join(request.to),)))
    if not request.to or unable:
        progress = Progress.FAILED if any(reason.code == "instance.failed" for reason in unable) else Progress.REFUSED
        return end(service, request, progress, *unable or (Reason("request.target", "", ("none was named",)),))
    return _go_to(e, service, request, request.to)


def _is_passing(e: Evaluation, node: str) -> bool:
    return e.is_present(node) and e.view.nodes[node].state in _PASSING


def _unable(e: Evaluation, service: ServiceView, node: str) -> tuple[Reason, ...]:
    """Why a node can't be gone to. What is up there already needs nothing."""
    if node in e.seen_up(service):
        return ()
    unknown = (Reason("service.undef", node),) if node in e.active(service) else ()
    return exclusions(e, service, node) or unknown


def _go_to(e: Evaluation, service: ServiceView, request: Request, targets: tuple[str, ...]) -> Orders:
    others = [node for node, instance in e.present(service) if instance.may_be_active and node not in targets]
    up = [node for node in e.seen_up(service) if node in targets]
    if not others and len(up) == len(targets):
        return done(service, request)
    if not up and (found := dirty(e, service)):
        return end(service, request, Progress.FAILED, *found)
    if e.me not in targets:
        return _give_way(e, service, request, targets, up)
    if e.mine(service).is_active:
        late = [node for node in targets if node not in up]
        return nothing(service, *(Reason("request.waiting", node) for node in (*others, *late)))
    if service.is_failover and others:
        return stand_back(e, service, *(Reason("request.waiting", node) for node in others))
    return rise(e, service, -1, why(request), is_hurried=True, request=request.id)


def _give_way(e: Evaluation, service: ServiceView, request: Request, targets: tuple[str, ...], up: list[str]) -> Orders:
    """What a node does that is none of the targets."""
    if e.mine(service).is_active and (service.is_failover or len(up) == len(targets)):
        held_back = _hold_back(e, service, request) if service.is_failover and not up else ()
        return held_back or lower(e, service, "stop", why(request), request=request.id, is_handed_over=service.is_failover)
    return stand_back(e, service, *(Reason("request.waiting", node) for node in targets))


def _hold_back(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Nothing is stopped for a move after which no start could follow: refused where there is no hope, else it waits while it is up."""
    others = elsewhere(e, service)
    if found := hopeless(e, service, others.uncertain):
        return end(service, request, Progress.REFUSED, *found)
    waiting = detained(e, service, others)
    return nothing(service, *waiting) if waiting else ()


def giveback(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """To where placement wants it. A node that has it up is a candidate like the others."""
    choice: Choice = choose(e, service)
    wanted = 1 if service.is_failover else flex_target(service)
    targets = choice.candidates[:wanted]
    if not targets:
        return end(service, request, Progress.REFUSED, Reason("request.unavailable"), *choice.excluded)
    return _go_to(e, service, request, targets)
