"""What a takeover needs: a way to fence the other node, where the cluster asks this agent to do it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from opensvc_core.api import Finding, Severity
from opensvc_driver_hb_openha.cluster import Entry, tree_of


def findings(config: Any) -> Iterator[Finding]:
    """A finding where the cluster calls `SERVICE.stonith` before a takeover, and nothing is configured that fences the other node.

    Parameters:
        config: the file of a service, see the hook `opensvc_validate_service`.
    """
    service = config.world.path.name
    for section in config.sections():
        if not section.startswith("hb#") or (config.document.get(section, "type") or "").lower() != "openha":
            continue
        entry = _entry(config.value(section, config.keyword(section, "name")) or service)
        nodes = entry.nodes(config.world.node) if entry else None
        if entry is None or nodes is None or os.path.basename(entry.check) != f"{service}.stonith":  # noqa: PTH119 - a word of a line
            continue
        if (other := nodes[1].lower()) not in config.world.fenceable:
            text = f"when {other} is silent, the cluster asks {entry.check} to fence it, and nothing is configured that does: no takeover"
            hint = f"say how in [stonith#{other}] of cluster.conf: 'om cluster set --kw stonith#{other}.cmd=COMMAND'"
            yield Finding(Severity.WARNING, "no-fencing", text, section=section, hint=hint)


def _entry(name: str) -> Entry | None:
    try:
        text = tree_of(os.environ).services.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return Entry.find(text, name)
