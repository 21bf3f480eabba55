"""What a section of node.conf or cluster.conf tells a driver of the cluster, or a plugin."""

from __future__ import annotations

from typing import Any

from opensvc_core.config.keywords import Declares
from opensvc_core.config.service import ServiceConfig


def values_of(config: ServiceConfig, section: str, kind: type[Declares]) -> dict[str, Any]:
    """What a section says for those keywords. Raises ConfigError, also where a keyword that is required is missing."""
    values = config.values(section, kind)
    missing = [name for name, keyword in kind.keywords().items() if keyword.required and values.get(name) is None]
    if missing:
        raise config.error(f"{missing[0]} is required on {config.world.node}", section)
    return values
