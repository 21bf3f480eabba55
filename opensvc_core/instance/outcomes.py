"""Outcomes: what a step and an action must have come to, as it is seen; in a rehearsal, what the steps that follow find."""

from __future__ import annotations

import threading
from pathlib import Path

from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import ExposesDevices
from opensvc_core.errors import ActionFailed
from opensvc_core.instance.evaluate import observed
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.walk import wait_for
from opensvc_core.model.status import Status
from opensvc_core.plan.actions import Action

_AFTER = {
    "start": frozenset({Status.UP, Status.NA}),
    "stop": frozenset({Status.DOWN, Status.NA}),
}
_ASSUMED = {"start": Status.UP, "stop": Status.DOWN}
_AVAILABLE = frozenset({Status.UP, Status.STDBY_UP, Status.NA})


def is_stopped(resource: Resource) -> bool:
    """Whether it is seen that nothing of it is left."""
    return observed(resource).status in _AFTER["stop"]


def check_status(verb: str, resource: Resource, cancel: threading.Event) -> None:
    """A start or stop has succeeded when the status says so, never by exit codes alone. Raises ActionFailed."""
    if verb not in _AFTER:
        return
    if wait_for(lambda: _follows(verb, resource), resource.settle(verb), cancel):
        return
    seen = observed(resource)
    if seen.status in _AFTER[verb]:
        return
    if verb == "start" and seen.status is Status.WARN:
        return  # it runs, and its status will go on to say what is wrong
    reasons = "".join(f": {message.text}" for message in seen.messages)
    raise ActionFailed(f"{resource.rid} is {seen.status} after {verb}{reasons}")


def check_availability(instance: Instance, kind: Action) -> None:
    """What brings a whole instance up has succeeded when the instance is available. Raises ActionFailed."""
    seen = instance.evaluate()
    if seen.avail not in _AVAILABLE:
        lacking = (one for one in seen.resources if one.status not in _AVAILABLE and instance.part(one.rid).counts_for_avail)
        reasons = "; ".join(": ".join([f"{one.rid} is {one.status}", *(message.text for message in one.messages)]) for one in lacking)
        raise ActionFailed(f"every step of {kind.name} is done, but the instance's avail status is {seen.avail}: {reasons}")


def assume(verb: str, resource: Resource) -> None:
    """For the steps of the plan that follow, this one is done."""
    resource.assumed = _ASSUMED.get(verb)
    path, planned, gone = resource.occupies(), resource.context.planned_paths, resource.context.planned_gone
    if not isinstance(planned, set) or not isinstance(gone, set):
        return
    devices = set(resource.exposed_devices()) if isinstance(resource, ExposesDevices) else set()
    if verb == "start":
        planned |= devices | ({path, *map(str, Path(path).parents)} if path else set())
        gone -= devices
    elif verb == "stop":
        planned -= devices
        gone |= devices


def _follows(verb: str, resource: Resource) -> bool:
    """It is seen to be what a step has to make of it; where it is not, the next look is another one."""
    if observed(resource).status in _AFTER[verb]:
        return True
    resource.context.look_anew()
    return False
