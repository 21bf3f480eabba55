"""Absence: what becomes of a node that was away when people's requests were done.

A request does not wait for nodes that are known to be down. With their disks they come back to what was before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.raising import Orders, act
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Progress, Request, Wish
from opensvc_daemon.orchestration.view import InstanceView, ServiceView


def _is_frozen(instance: InstanceView) -> bool:
    return instance.is_frozen


def _is_unprovisioned(instance: InstanceView) -> bool:
    return not instance.is_provisioned or instance.is_frozen


# What keeps a node from starting the service by itself after each of these. A start or a thaw that was missed does no harm.
_LEFT: Mapping[Wish, Callable[[InstanceView], bool]] = {
    Wish.STOP: _is_frozen,
    Wish.SHUTDOWN: _is_frozen,
    Wish.FREEZE: _is_frozen,
    Wish.UNPROVISION: _is_unprovisioned,
}


def served_at_end(instance: InstanceView, ended: Request) -> str:
    """The request that an instance has served, for the monitor to note when it learns of this one's end: the ended one where it took part.

    `instance` as it was before: with the request as it knew it until now. Who has ended a first action of it only, such as the stop
    before an unprovision, and was away for the rest, has not served it.
    """
    known = instance.request
    is_end = known is not None and known.id == ended.id and known.is_active and not ended.is_active
    if not is_end or ended.wish not in _LEFT:
        return instance.served
    if _LEFT[ended.wish](instance):
        return ended.id
    is_undone = ended.wish is Wish.UNPROVISION and ended.progress is Progress.DONE and instance.served == ended.id
    return "" if is_undone else instance.served


def catch_up(e: Evaluation, service: ServiceView) -> Orders:
    """A node that was away when the service was stopped or frozen freezes its instance before anything else.

    What took part has `served` the request, so that what a person thaws there later stays thawed.
    """
    mine = e.mine(service)
    found = e.asked(service)
    if found is None or found.progress is not Progress.DONE or found.wish not in _LEFT:
        return ()
    if mine.served == found.id or _LEFT[found.wish](mine) or mine.monitor.is_failed:
        return ()
    words = " ".join([found.wish.value, *found.to])
    return act(e, service, "freeze", Reason("request.late", e.me, (words,)), request=found.id)
