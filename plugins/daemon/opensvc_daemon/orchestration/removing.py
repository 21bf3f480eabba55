"""Removing: unprovision, purge and delete. Nothing that somebody may use is destroyed under them."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_daemon.orchestration.automatic import run_itself
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.keeping import lower
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.raising import Orders, act, is_silent, leave_be, nothing
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Progress, Request
from opensvc_daemon.orchestration.serving import DONE, done, end, failure, missing, why
from opensvc_daemon.orchestration.states import MonitorState
from opensvc_daemon.orchestration.view import Reach, ServiceView


def unreached(e: Evaluation, service: ServiceView) -> Iterator[Reason]:
    """The nodes that may have it active, for all that is known: nothing that they may use is destroyed under them.

    What they said last does not count: they may have started it since.
    """
    return (Reason("request.silent", node) for node in e.others(service) if is_silent(e, node))


def old_knowledge(e: Evaluation, service: ServiceView) -> tuple[Reason, ...]:
    """What stands against destroying something right after this node was away: it may be in use by now, by a later request."""
    if not e.others(service) or e.timer.has_passed(e.view.awake_since, e.settings.heartbeat_timeout):
        return ()
    return (Reason("self.woke", e.me, (e.timer.left(e.view.awake_since, e.settings.heartbeat_timeout),)),)


def unprovision(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Down everywhere, then away: the leader last, because what is shared is removed once."""
    if failed := failure(e, service, MonitorState.UNPROVISION_FAILED):
        return end(service, request, Progress.FAILED, *failed)
    if up := _in_use(e, service, request):
        return _lower_all(e, service, request, up)
    is_done = DONE["unprovision"]
    if is_done(e.mine(service)):
        waiting = tuple(missing(e, service, request, is_done, waits_for_silent=True))
        return nothing(service, *waiting) if waiting else done(service, request)
    leader, *others = ranked(e.view, service, [node for node, _ in e.present(service)])
    late = [node for node in others if e.me == leader and not is_done(service.instances[node])]
    if hindrances := (*(Reason("request.waiting", node) for node in late), *old_knowledge(e, service)):
        return nothing(service, *hindrances)
    return act(e, service, "unprovision", why(request), request=request.id)


def _in_use(e: Evaluation, service: ServiceView, request: Request) -> tuple[Reason, ...]:
    down = missing(e, service, request, lambda instance: not instance.may_be_active, waits_for_silent=False)
    return (*down, *unreached(e, service))


def _lower_all(e: Evaluation, service: ServiceView, request: Request, up: tuple[Reason, ...]) -> Orders:
    if e.mine(service).is_active:
        return lower(e, service, "stop", why(request), request=request.id)
    return leave_be(e, service, *up)


def purge(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Down everywhere, then away: the leader last, because what is shared is removed once."""
    if up := (*_in_use(e, service, request), *_gone(e, service)):
        return _lower_all(e, service, request, up)
    order = ranked(e.view, service, [node for node, _ in e.present(service)])
    if e.me == order[0] and len(order) > 1:
        return nothing(service, *(Reason("request.waiting", node) for node in order[1:]))
    if old := old_knowledge(e, service):
        return nothing(service, *old)
    return act(e, service, "purge", why(request), request=request.id)


def delete(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """The file goes; what is up stays up. Meanwhile it is kept up, unless it was deleted on a node already: it may be up there."""
    unaware = missing(e, service, request, lambda _: True, waits_for_silent=False)
    if waiting := (*unaware, *unreached(e, service), *_gone(e, service)):
        deleted = [node for node in service.nodes if e.is_present(node) and node not in service.instances]
        if deleted and not e.mine(service).is_active:
            return leave_be(e, service, *waiting)
        return (*nothing(service, *waiting), *run_itself(e, service))
    return act(e, service, "delete", why(request), request=request.id)


def _gone(e: Evaluation, service: ServiceView) -> Iterator[Reason]:
    """Its nodes that are down: with their file they would bring back what was deleted meanwhile."""
    return (Reason("request.gone", name) for name in service.nodes if name in e.view.nodes and e.view.nodes[name].reach is Reach.GONE)
