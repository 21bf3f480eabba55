"""Shown: what is kept of an instance's status as the runner told it: what people see of it, and what decisions go by.

What is the same again and again, in each service, is one object: a status as it comes takes three times as much memory.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from opensvc_daemon.heartbeat.tree import alike

Json = dict[str, Any]
_RESOURCE = (
    *("status", "label", "type", "disable", "standby", "optional", "monitor", "encap", "restart", "restart_delay", "restarts_left"),
    *("provisioned", "log", "tags", "subset", "info"),
)
_PROVISIONED = {True: ".", False: "P", "mixed": "p", None: "?"}


class Shown(NamedTuple):
    """`resources`, `groups` and `notices` are branches of a tree: nobody changes them. `overall` is empty where none was told."""

    overall: str = ""
    resources: Mapping[str, Any] = {}
    groups: Mapping[str, Any] = {}
    notices: tuple[str, ...] = ()


def shown_of(status: Mapping[str, Any], like: Shown | None = None) -> Shown:
    """What is kept of a status, of the parts of another one where these are the same."""
    like = like or Shown()
    resources = {sys.intern(rid): _resource(rid, status) for rid in status.get("resources", {})}
    return Shown(
        sys.intern(str(status.get("overall", ""))),
        alike(resources, like.resources),
        alike(dict(status.get("status_group", {})), like.groups),
        tuple(status.get("cluster", {}).get("notices", ())),
    )


def _resource(rid: str, status: Mapping[str, Any]) -> Json:
    told = status["resources"][rid]
    kept = {key: told[key] for key in _RESOURCE if key in told and told[key] not in (None, "", [], {}, False)}
    return {**kept, "flags": _flags(told, is_running=rid in status.get("running", ())), "messages": told.get("log", [])}


def _flags(told: Mapping[str, Any], *, is_running: bool) -> str:
    """The eight letters `RMDOEPSr` of the instance tree."""
    shown = {"R": is_running, "M": told.get("monitor"), "D": told.get("disable"), "O": told.get("optional"), "E": told.get("encap")}
    provisioned = _PROVISIONED.get(told["provisioned"].get("state"), "?") if told.get("provisioned") else "/"
    left = told.get("restarts_left")
    restarts = "." if left is None else str(left) if left < 10 else "+"
    return (
        "".join(letter if is_so else "." for letter, is_so in shown.items())
        + provisioned
        + ("S" if told.get("standby") else ".")
        + restarts
    )
