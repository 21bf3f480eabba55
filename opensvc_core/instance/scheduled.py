"""Scheduled: what a service does by itself at times that its file tells, when it did so last, and when it is due next.

Which resources have times follows from what their drivers can do, and from a keyword `schedule` that they declare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Final, NamedTuple

from opensvc_core.config.vocabulary import ServiceKeywords
from opensvc_core.driver.capabilities import ClusterManager, Runnable, Syncable
from opensvc_core.instance.evaluate import is_provisioned, observed
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.part import PROVISIONED_GROUPS, Part
from opensvc_core.schedule import due
from opensvc_core.schedule.grammar import parse
from opensvc_core.system.zone import LocalZone

# Actions of a whole service, and the keywords of [DEFAULT] that tell their times.
WHOLE: Final = {"status": "status_schedule", "push_resinfo": "resinfo_schedule"}
# The action that looks after monitored resources, and its times where the file tells none.
MONITOR: Final = "resource_monitor"
_MONITORED: Final = "@1"
# Actions of single resources, and what a driver has to be able to.
SINGLE: Final[dict[str, type[Runnable | Syncable]]] = {"sync_all": Syncable, "run": Runnable}
# Defaults that were others in the older generation.
_OLDER: Final = {"sync_schedule": "03:59-05:59@121"}


class Scheduled(NamedTuple):
    """One action that has times.

    Parameters:
        rid: the resource that it is about; empty: the service.
        parameter: the keyword that tells its times, `task#1.schedule`.
        definition: the text of that keyword, or its default; empty: never.
        last_run: seconds since 1970-01-01 UTC, or None; `next_run`: the same, None: never.
    """

    action: str
    rid: str
    parameter: str
    definition: str
    last_run: float | None
    next_run: float | None


def scheduled(instance: Instance, now: float, zone: tzinfo | None = None, *, is_waited_for: bool = False) -> list[Scheduled]:
    """Everything of a service that has times, whether they ever come or not; nothing of what is disabled.

    `zone` is that of the wall clock, by default this host's. `is_waited_for`: who asks does what is due from now on, so it is noted
    what has never run, and the first runs of many services are spread. Raises OSError where a record of a last run can't be read.
    """
    if instance.keywords.disable:
        return []
    zone = zone or LocalZone()
    rows: list[Scheduled] = []
    known, never_run = instance.state.waited_for(), dict[str, float]()

    def add(action: str, rid: str, parameter: str, text: str, last_run: float | None) -> None:
        what = rid or action
        since = _since(known, what, now) or (now if is_waited_for else None)
        if last_run is None and since is not None:
            never_run[what] = since
        following = due.next_run(parse(text), now, zone, last_run=last_run, seed=_seed(instance, what), known_since=since)
        rows.append(Scheduled(action, rid, parameter, text, last_run, following))

    for action, keyword in WHOLE.items():
        add(action, "", f"DEFAULT.{keyword}", _of_service(instance, keyword), instance.state.last_time(action))
    if text := _of_monitoring(instance):
        add(MONITOR, "", "DEFAULT.monitor_schedule", text, instance.state.last_time(MONITOR))
    for action, part, resource, text in _resources(instance):
        add(action, part.rid, f"{part.rid}.schedule", text, resource.last_run())
    if is_waited_for and never_run != known:
        instance.state.keep_waited_for(never_run)
    return rows


def due_actions(instance: Instance, now: float) -> set[str]:
    """The actions of which something is due. Raises OSError."""
    return {row.action for row in scheduled(instance, now) if row.next_run is not None and row.next_run <= now}


def refusal(
    instance: Instance, part: Part, now: float, zone: tzinfo | None = None, *, is_any_period: bool = False, is_spread: bool = True
) -> str:
    """Why the schedule of a resource does not let it run now; an empty text where it does. One without a schedule is never due.

    `is_any_period`: only the interval since the last run counts, whatever the time of the day. `is_spread`: a first run may be put off.
    One that can't be used is not refused here: whoever runs it is told what is wrong with it.
    """
    if part.resource is None:
        return ""
    found = next(((resource, text) for _, one, resource, text in _resources(instance) if one.rid == part.rid), None)
    if found is None:
        return "it has no schedule"
    resource, text = found
    if is_any_period:
        return due.too_soon(parse(text), now, last_run=resource.last_run())
    since = _since(instance.state.waited_for(), part.rid, now) if is_spread else None
    last_run, seed = resource.last_run(), _seed(instance, part.rid)
    reason = due.refusal(parse(text), now, zone or LocalZone(), last_run=last_run, seed=seed, known_since=since)
    return reason or unprovisioned(instance)


def _resources(instance: Instance) -> Iterator[tuple[str, Part, Runnable | Syncable, str]]:
    """The resources with times: the action, the resource, its driver, the text of its schedule."""
    for action, capability in SINGLE.items():
        for part in instance.parts:
            resource = part.resource
            keyword = type(resource).keywords().get("schedule") if resource else None
            if isinstance(resource, capability) and keyword and not part.is_disabled and not part.policy.encap:
                given = resource.values.get("schedule")
                inherited = keyword.inherit if keyword.inherit in ServiceKeywords.keywords() else ""
                text = given if given is not None else (inherited and _of_service(instance, inherited)) or keyword.default or ""
                yield action, part, resource, text


def _of_service(instance: Instance, name: str) -> str:
    """The text of a schedule of `[DEFAULT]`, or its default in the generation of the file."""
    given: str | None = instance.keywords.values.get(name)
    if given is None and instance.is_older:
        given = _OLDER.get(name)
    return str(ServiceKeywords.keywords()[name].default) if given is None else given


def _of_monitoring(instance: Instance) -> str:
    """When monitored resources are looked after; empty where that is not for a schedule: only a cluster manager does not do it itself."""
    if not any(isinstance(part.resource, ClusterManager) for part in instance.parts):
        return ""
    given: str | None = instance.keywords.values.get("monitor_schedule")
    is_monitored = any(part.policy.monitor and part.is_counted for part in instance.parts)
    return given if given is not None else _MONITORED if is_monitored else ""


def _since(waited_for: Mapping[str, float], what: str, now: float) -> float | None:
    """Since when something is waited for; a moment to come was noted while the clock was wrong."""
    return min(waited_for[what], now) if what in waited_for else None


def _seed(instance: Instance, what: str) -> str:
    return f"{instance.node} {instance.facts.path} {what}"


def unprovisioned(instance: Instance) -> str:
    """What was unprovisioned, and is not there; an empty text where nothing is."""
    noted = [part for part in instance.parts if part.group in PROVISIONED_GROUPS and instance.state.is_provisioned(part.rid) is False]
    missing = [part.rid for part in noted if part.resource and part.is_counted and not _is_there(instance, part)]
    return f"{', '.join(missing)} not provisioned" if missing else ""


def _is_there(instance: Instance, part: Part) -> bool:
    assert part.resource is not None
    return is_provisioned(part.resource, instance.state, observed(part.resource).status)
