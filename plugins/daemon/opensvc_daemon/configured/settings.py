"""Settings: the periods and policies of a cluster, as node.conf and cluster.conf say."""

from __future__ import annotations

from typing import Any

from opensvc_daemon.orchestration.view import Settings

_SETTINGS = (
    *("ready_period", "maintenance_grace_period", "rejoin_grace_period", "fence_delay", "fence_retry"),
    *("split_action", "max_parallel"),
)


def links_of(node: Any) -> tuple[str, ...]:
    """The names of the heartbeats."""
    return tuple(name for name in node.config.sections() if name.startswith("hb#"))


def settings_of(node: Any) -> Settings:
    """What the two files say; a peer is silent when the most patient heartbeat has run out.

    Parameters:
        node: a node of the core. Raises ConfigError.
    """
    periods: dict[str, Any] = {name: getattr(node.settings, name) for name in _SETTINGS}
    timeouts = link_values(node, "timeout")
    return Settings(max(timeouts, default=Settings().heartbeat_timeout), has_quorum_rule=node.cluster.quorum, **periods)


def link_values(node: Any, name: str) -> list[Any]:
    """The value that each heartbeat has for a keyword of all of them. Raises ConfigError."""
    config = node.config
    return [config.value(link, config.keyword(link, name)) for link in links_of(node)]
