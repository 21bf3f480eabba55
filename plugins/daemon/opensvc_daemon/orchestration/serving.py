"""Serving: what the steps of every request have in common: its end, its failure, and who has not done its part yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.raising import Orders, is_silent
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Progress, Request
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, ServiceView

Step = Callable[[Evaluation, ServiceView, Request], Orders]


def why(request: Request) -> Reason:
    """The reason of all that is done for a request: somebody asked for it."""
    words = " ".join([request.wish.value, *request.to])
    return Reason("request", "", (words,))


def end(service: ServiceView, request: Request, progress: Progress, *reasons: Reason) -> Orders:
    """End a request, with what became of it and why."""
    return (Order(Do.END_REQUEST, service.path, request=request.id, progress=progress, reasons=(why(request), *reasons)),)


def done(service: ServiceView, request: Request) -> Orders:
    """End a request: all that it asked for is so."""
    return end(service, request, Progress.DONE, Reason("request.done", "", (request.wish.value,)))


def failure(e: Evaluation, service: ServiceView, state: MonitorState) -> tuple[Reason, ...]:
    """The nodes on which it has failed, where `state` says so."""
    return tuple(Reason("request.failed", node) for node, instance in e.present(service) if instance.monitor is state)


def missing(
    e: Evaluation, service: ServiceView, request: Request, is_done: Callable[[InstanceView], bool], *, waits_for_silent: bool
) -> Iterator[Reason]:
    """The nodes that have not done their part yet.

    What a peer says counts once it says that it knows the request: before that, it speaks of what was before.
    """
    for node in (e.me, *e.others(service)):
        instance = service.instances.get(node)
        if e.is_present(node):
            if instance is not None and not (has_settled(e, node, instance, request) and is_done(instance)):
                yield Reason("request.waiting", node)
        elif waits_for_silent and is_silent(e, node) and (instance is None or not is_done(instance)):
            yield Reason("request.silent", node)


def has_settled(e: Evaluation, node: str, instance: InstanceView, request: Request) -> bool:
    """Whether an instance is of this request, and not about to be frozen or thawed by an earlier one."""
    knows = node == e.me or (instance.request is not None and instance.request.id == request.id)
    has_looked = e.view.nodes[node].state is not NodeState.INIT
    return knows and has_looked and instance.monitor not in {MonitorState.FREEZING, MonitorState.THAWING}


# What each of these actions makes of an instance, so that it is not done twice.
DONE: Mapping[str, Callable[[InstanceView], bool]] = {
    "freeze": lambda instance: instance.is_frozen,
    "thaw": lambda instance: not instance.is_frozen,
    "unprovision": lambda instance: not instance.is_provisioned,
}


def dirty(e: Evaluation, service: ServiceView) -> tuple[Reason, ...]:
    """What a failed start has left up: it passes by a person's hand only, and nobody starts it elsewhere before."""
    if not service.is_failover or service.is_rolled_back:
        return ()
    return tuple(Reason("service.dirty", node) for node, one in e.present(service) if one.monitor is MonitorState.START_FAILED)
