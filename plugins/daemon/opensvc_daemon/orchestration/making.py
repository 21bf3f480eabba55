"""Making and removing: provision, unprovision, purge and delete. Nothing that somebody may use is destroyed under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opensvc_daemon.orchestration.automatic import run_itself
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.keeping import lower
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.raising import Orders, act, is_silent, leave_be, nothing
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Progress, Request
from opensvc_daemon.orchestration.serving import DONE, Step, done, end, failure, missing, why
from opensvc_daemon.orchestration.states import MonitorState
from opensvc_daemon.orchestration.view import Reach, ServiceView


def _unreached(e: Evaluation, service: ServiceView) -> Iterator[Reason]:
    """The nodes that may have it active, for all that is known: nothing that they may use is destroyed under them.

    What they said last does not count: they may have started it since.
    """
    return (Reason("request.silent", node) for node in e.others(service) if is_silent(e, node))


def _old_knowledge(e: Evaluation, service: ServiceView) -> tuple[Reason, ...]:
    """What stands against destroying something right after this node was away: it may be in use by now, by a later request."""
    if not e.others(service) or e.timer.has_passed(e.view.awake_since, e.settings.heartbeat_timeout):
        return ()
    return (Reason("self.woke", e.me, (e.timer.left(e.view.awake_since, e.settings.heartbeat_timeout),)),)


def in_turn(action: str, *, is_leader_first: bool) -> Step:
    """An action that the leader does before the others, or after them."""

    def step(e: Evaluation, service: ServiceView, request: Request) -> Orders:
        if failed := failure(e, service, _FAILED_STATE[action]):
            return end(service, request, Progress.FAILED, *failed)
        order = list(ranked(e.view, service, [node for node, _ in e.present(service)]))
        first = order[:1] if is_leader_first else order[1:]
        waits_for = [node for node in first if e.me not in first and not DONE[action](service.instances[node])]
        if not is_leader_first and (up := _in_use(e, service, request)):
            return _lower_all(e, service, request, up)
        if is_leader_first and service.has_data_at_stake and (silent := tuple(_unreached(e, service))):
            return nothing(service, *silent)
        if not DONE[action](e.mine(service)):
            old = _old_knowledge(e, service) if not is_leader_first or service.has_data_at_stake else ()
            if hindrances := (*(Reason("request.waiting", node) for node in waits_for), *old):
                return nothing(service, *hindrances)
            return act(e, service, action, why(request), request=request.id)
        waiting = tuple(missing(e, service, request, DONE[action], waits_for_silent=not is_leader_first))
        return nothing(service, *waiting) if waiting else done(service, request)

    return step


def _in_use(e: Evaluation, service: ServiceView, request: Request) -> tuple[Reason, ...]:
    down = missing(e, service, request, lambda instance: not instance.may_be_active, waits_for_silent=False)
    return (*down, *_unreached(e, service))


def _lower_all(e: Evaluation, service: ServiceView, request: Request, up: tuple[Reason, ...]) -> Orders:
    if e.mine(service).is_active:
        return lower(e, service, "stop", why(request), request=request.id)
    return leave_be(e, service, *up)


_FAILED_STATE: Mapping[str, MonitorState] = {
    "provision": MonitorState.PROVISION_FAILED,
    "unprovision": MonitorState.UNPROVISION_FAILED,
}


def purge(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """Down everywhere, then away: the leader last, because what is shared is removed once."""
    if up := (*_in_use(e, service, request), *_gone(e, service)):
        return _lower_all(e, service, request, up)
    order = ranked(e.view, service, [node for node, _ in e.present(service)])
    if e.me == order[0] and len(order) > 1:
        return nothing(service, *(Reason("request.waiting", node) for node in order[1:]))
    if old := _old_knowledge(e, service):
        return nothing(service, *old)
    return act(e, service, "purge", why(request), request=request.id)


def delete(e: Evaluation, service: ServiceView, request: Request) -> Orders:
    """The file goes; what is up stays up. Meanwhile it is kept up."""
    unaware = missing(e, service, request, lambda _: True, waits_for_silent=False)
    if waiting := (*unaware, *_unreached(e, service), *_gone(e, service)):
        return (*nothing(service, *waiting), *run_itself(e, service))
    return act(e, service, "delete", why(request), request=request.id)


def _gone(e: Evaluation, service: ServiceView) -> Iterator[Reason]:
    """Its nodes that are down: with their file they would bring back what was deleted meanwhile."""
    return (Reason("request.gone", name) for name in service.nodes if name in e.view.nodes and e.view.nodes[name].reach is Reach.GONE)
