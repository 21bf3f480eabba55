"""What this distribution brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opensvc_core.api import Declares, Verb, hookimpl
from opensvc_node_hooks.configured import CONFIGURED, HookKeywords
from opensvc_node_hooks.running import run_all


@hookimpl
def opensvc_configure(settings: Mapping[str, Any]) -> None:
    """Learn where node.conf is read."""
    CONFIGURED.announce(settings)


@hookimpl
def opensvc_host_sections() -> Mapping[str, type[Declares]]:
    """`[hook#…]`."""
    return {"hook": HookKeywords}


@hookimpl
def opensvc_add_commands() -> Sequence[Verb]:
    """`om node print hooks`."""
    return [Verb(("print", "hooks"), "opensvc_node_hooks.command", "List the hooks of this node.", scopes=("node",))]


@hookimpl
def opensvc_before_action(service: str, action: str, rids: Sequence[str]) -> None:
    """Run the commands that may refuse it."""
    run_all("before_action", {"SVCPATH": service, "ACTION": action, "RIDS": " ".join(rids)})


@hookimpl
def opensvc_after_action(service: str, action: str, outcome: str, seconds: float) -> None:
    """Run the commands that are told of it."""
    run_all("after_action", {"SVCPATH": service, "ACTION": action, "OUTCOME": outcome, "SECONDS": f"{seconds:.3f}"})


@hookimpl
def opensvc_status_changed(service: str, before: str, after: str) -> None:
    """Run the commands that are told of it."""
    run_all("status_changed", {"SVCPATH": service, "BEFORE": before, "AFTER": after})
