"""Boot: what is due of a service when its node comes up, or goes down, where no daemon decides."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.config.service import ServiceConfig
from opensvc_core.config.vocabulary import ServiceKeywords
from opensvc_core.instance import conduct
from opensvc_core.instance.subject import Subject


class Due(NamedTuple):
    """An action of the table, or an empty text where the service is left alone; `reason` says why, where that may surprise."""

    action: str
    reason: str = ""


def at_boot(service: Subject) -> Due:
    """What is due when the node comes up: a start, a start of what is kept up on every node, or nothing. Raises ConfigError."""
    config = service.config()
    if conduct.why_not_here(service, config.service):
        return Due("")
    starts, reason = _starts(config.service, service.node.name)
    if manager := _manager(config):
        return Due("", f"not started: the cluster manager of {manager} starts it" if starts else "")
    if service.state.is_frozen() or service.node.state.is_frozen():
        return Due("", "not started: it is frozen ('thaw' lets it start at boot)" if starts else "")
    return Due("start" if starts else "startstandby", reason)


def at_halt(service: Subject) -> Due:
    """What is due when the node goes down: whatever is up is stopped, frozen or not. Raises ConfigError."""
    config = service.config()
    if conduct.why_not_here(service, config.service):
        return Due("")
    if manager := _manager(config):
        return Due("", f"not stopped: the cluster manager of {manager} stops it")
    return Due("shutdown")


def _starts(keywords: ServiceKeywords, node: str) -> tuple[bool, str]:
    """Whether the file has this node start the service, and what is to be said where it does not."""
    if keywords.autostart_node:
        return node in keywords.autostart_node, ""
    nodes = keywords.nodes or [node]
    if keywords.orchestrate == "ha" and len(nodes) > 1:
        # another node's daemon may have taken it over while this one was down
        return False, f"not started: orchestrate = ha on {len(nodes)} nodes is for the daemon to start"
    return keywords.orchestrate in ("start", "ha") and node == nodes[0], ""


def _manager(config: ServiceConfig) -> str:
    """The section that hands the service to a cluster manager, or an empty text."""
    return next((section.rid for section in config.resources() if section.group == "hb"), "")
