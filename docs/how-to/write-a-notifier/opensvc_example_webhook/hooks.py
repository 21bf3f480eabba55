"""What this distribution brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensvc_core.api import Declares, hookimpl
from opensvc_example_webhook.keywords import WebhookKeywords
from opensvc_example_webhook.told import TOLD


@hookimpl
def opensvc_configure(settings: Mapping[str, Any]) -> None:
    """Learn the node's name, and how its files are read."""
    TOLD.announce(settings)


@hookimpl
def opensvc_host_sections() -> Mapping[str, type[Declares]]:
    """`[webhook#…]`."""
    return {"webhook": WebhookKeywords}


@hookimpl
def opensvc_after_action(service: str, action: str, outcome: str, seconds: float) -> None:
    """Tell what became of an action."""
    TOLD.of("after_action", service=service, action=action, outcome=outcome, seconds=round(seconds, 3))


@hookimpl
def opensvc_status_changed(service: str, before: str, after: str) -> None:
    """Tell that a service is in another state."""
    TOLD.of("status_changed", service=service, before=before, after=after)
