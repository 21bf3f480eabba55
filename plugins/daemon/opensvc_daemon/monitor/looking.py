"""Looking: the statuses of this node's services, as the runner tells them, in the words of the decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from opensvc_core.api import Status
from opensvc_daemon.orchestration.view import ResourceView, restarts_of

# A resource that has stayed up for so many seconds has all its restarts again.
STEADY: Final = 10.0
# What neither makes a service available nor is started again by itself.
_ASIDE: Final = frozenset({"sync", "task", "hb"})


@dataclass
class Tries:
    """How often a resource was started again by itself since it was last steadily up; `up_since`: since when it is up."""

    count: int = 0
    last: float | None = None
    up_since: float | None = None


class Restarts:
    """The tries of all resources, by service and rid."""

    def __init__(self) -> None:
        self._tries: dict[tuple[str, str], Tries] = {}

    def tried(self, service: str, rid: str, now: float) -> None:
        """It is started again now."""
        found = self._tries.setdefault((service, rid), Tries())
        found.count, found.last = found.count + 1, now

    def forget(self, service: str) -> None:
        """The service was started as a whole: its resources have all their restarts again."""
        self._tries = {key: tries for key, tries in self._tries.items() if key[0] != service}

    def seen(self, service: str, rid: str, *, is_up: bool, now: float) -> Tries:
        """What counts of a resource that was seen now."""
        found = self._tries.get((service, rid), Tries())
        if found.up_since is not None and now - found.up_since >= STEADY:
            found.count = 0
        found.up_since = (found.up_since if found.up_since is not None else now) if is_up else None
        return found


def avail_of(status: Mapping[str, Any]) -> Status:
    """The status that counts; a word that this version does not know may be anything."""
    try:
        return Status(status.get("avail"))
    except ValueError:
        return Status.UNDEF


def is_aside(rid: str, told: Mapping[str, Any]) -> bool:
    """Whether a resource is none of those that make the service available here."""
    return str(told.get("type", rid)).partition(".")[0].partition("#")[0] in _ASIDE or bool(told.get("encap"))


def resources_of(service: str, resources: Mapping[str, Any], restarts: Restarts, now: float) -> Iterator[ResourceView]:
    """The resources that the decision looks after."""
    for rid, told in resources.items():
        if is_aside(rid, told):
            continue
        seen = avail_of({"avail": told.get("status")})
        tries = restarts.seen(service, rid, is_up=seen in {Status.UP, Status.STDBY_UP}, now=now)
        is_standby = told.get("standby") is True
        yield ResourceView(
            rid,
            seen,
            is_monitored=told.get("monitor") is True,
            is_standby=is_standby,
            is_disabled=told.get("disable") is True,
            restarts_left=max(0, restarts_of(int(told.get("restart") or 0), is_standby=is_standby) - tries.count),
            restart_delay=float(told.get("restart_delay") or 0.0),
            tried_at=tries.last,
        )
