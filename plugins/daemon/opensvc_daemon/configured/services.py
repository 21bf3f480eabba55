"""Services: what a service's file says of where and when it runs, as fields of a ServiceView."""

from __future__ import annotations

from typing import Any

from opensvc_core.api import guard_of, manager_of
from opensvc_daemon.orchestration.view import Guard

_TUPLES = ("parents", "children", "hard_affinity", "hard_anti_affinity", "soft_affinity", "soft_anti_affinity")
_SAME = ("topology", "orchestrate", "placement", "flex_min", "flex_max", "priority", "split_resolution")


def fields_of(config: Any) -> dict[str, Any]:
    """All that the file says itself.

    Parameters:
        config: the core's configuration of a service. Raises ConfigError.
    """
    keywords = config.service
    found: dict[str, Any] = {name: tuple(getattr(keywords, name)) for name in _TUPLES}
    found |= {name: getattr(keywords, name) for name in _SAME}
    return found | {
        "nodes": tuple(keywords.nodes),
        "guard": Guard(guard_of(config)),
        "flex_target": keywords.flex_target or keywords.flex_min,
        # relocated "without any human intervention", as the tutorials have it, unless `none` says otherwise
        "monitor_action": tuple(keywords.monitor_action or (("switch",) if keywords.orchestrate == "ha" else ())),
        "pre_monitor_action": keywords.pre_monitor_action or "",
        "is_rolled_back": keywords.rollback,
        "is_disabled": keywords.disable,
        "is_managed": bool(manager_of(config.document)),
    }


def has_data_at_stake(config: Any) -> bool:
    """Whether a double start would damage something. Raises DriverUnavailable."""
    return any(getattr(config.driver(section), "has_data_at_stake", False) for section in config.resources())
