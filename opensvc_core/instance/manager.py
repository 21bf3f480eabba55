"""The manager: a cluster manager beside this agent, which alone starts and stops some services."""

from __future__ import annotations

import time
from typing import Final

from opensvc_core.driver.capabilities import ClusterManager, Takeover
from opensvc_core.errors import ActionFailed, ActionRefused, Delegated
from opensvc_core.instance import looking
from opensvc_core.instance.fencing import Fencing, fence
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.request import Request
from opensvc_core.instance.subject import Subject
from opensvc_core.model.events import Level
from opensvc_core.system.host import boot_id

_ITS_OWN: Final = frozenset({"start", "stop", "restart", "provision", "unprovision"})
# Seconds for which a node that was fenced is taken to be down: the manager starts the service at once.
_CONFIRMED_FOR: Final = 120.0


def refuse_past_manager(subject: Subject, request: Request, journal: Journal) -> None:
    """Raise Delegated, and tell it, for what is the manager's to do. A selection of resources is no start or stop of the service."""
    if request.action not in _ITS_OWN or request.by_manager or request.selection.is_scoped:
        return
    if subject.manager():
        refusal = Delegated()
        journal.say(str(refusal), name="refused")
        raise refusal


def fence_before_takeover(node: Fencing, subject: Subject, journal: Journal) -> None:
    """Fence the node from which the manager is about to take the service over, where the manager has lost sight of it.

    Returns when that is confirmed, or when the manager knows that no other node has the service up. Raises ActionRefused, ActionFailed.
    """
    subject.state.forget_fenced()
    try:
        rid, takeover = _takeover(subject)
    except ActionRefused as refusal:
        journal.say(str(refusal), level=Level.DEBUG, kept=Level.ERROR, name="refused")  # who called it may show nothing
        raise
    if not takeover.silent:
        journal.say("the cluster manager knows that no other node has the service up: nobody is fenced", rid=rid)
        return
    target = takeover.silent.lower()
    journal.say(f"{target} is silent: it is fenced before the service is started here", rid=rid)
    try:
        fence(node, target)
    except ActionFailed as error:
        journal.say(str(error), rid=rid, level=Level.ERROR, name="failed")
        raise
    subject.state.keep_fenced(target, _now(), boot_id())
    journal.say(f"{target} is confirmed to be down", rid=rid)


def as_confirmed(subject: Subject, request: Request, journal: Journal) -> Request:
    """A request that the manager makes; for a takeover, with the node that was confirmed to be down, or need not be."""
    if request.action != "start" or not request.by_manager or not subject.manager():
        return request
    try:
        rid, takeover = _takeover(subject)
    except ActionRefused:
        return request  # a person starts it in the manager's place
    silent = takeover.silent.lower()
    if not silent:
        return request._replace(confirmed_down=frozenset())  # the manager hears the other node: it is not down
    if silent in request.confirmed_down or _is_confirmed(subject, silent):
        subject.state.forget_fenced()
    elif takeover.is_unchecked:
        text = f"{silent} is silent, and nothing asks whether it is down: what it has left is taken over as if it were"
        journal.say(text, rid=rid, level=Level.WARNING)
    else:
        text = f"{silent} is silent, and {subject.path}.stonith has not confirmed that it is down: what it holds is not taken over"
        journal.say(text, rid=rid, level=Level.WARNING)
        return request
    return request._replace(confirmed_down=request.confirmed_down | {silent})


def _takeover(subject: Subject) -> tuple[str, Takeover]:
    """What the manager says of the start that it has begun, and the rid of its resource. Raises ActionRefused."""
    rid = subject.manager()
    if not rid:
        raise ActionRefused(f"{subject.path} has no cluster manager; nothing was done")
    part = looking.instance(subject).part(rid)
    if not isinstance(part.resource, ClusterManager):
        why = part.problem or f"{part.item.driver} can't tell what the cluster manager does"
        raise ActionRefused(f"{rid}: {why}; nothing was done, and the takeover must not go on")
    return rid, part.resource.takeover()


def _is_confirmed(subject: Subject, node: str) -> bool:
    known, moment = subject.state.fenced(boot_id())
    return known == node and 0 <= _now() - moment < _CONFIRMED_FOR


def _now() -> float:
    """Seconds of this boot; those in which the host slept count."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
