"""Who is told, and what everybody is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensvc_example_webhook.keywords import WebhookKeywords


class Told:
    """The web servers of this node. They are read anew each time: the file may change while a process lives."""

    def __init__(self) -> None:
        self._settings: Mapping[str, Any] = {}

    def announce(self, settings: Mapping[str, Any]) -> None:
        """Take what the core announces."""
        self._settings = settings

    def of(self, event: str, **facts: object) -> None:
        """Tell an event to those that are to hear of it. Raises ActionFailed, ConfigError."""
        sections: Mapping[str, WebhookKeywords] = self._settings["node_sections"]("webhook", WebhookKeywords)
        targets = [(name, target) for name, target in sections.items() if event in target.events]
        if targets:
            from opensvc_example_webhook.posting import post_all  # noqa: PLC0415 - where nobody is told, nothing is imported

            post_all(targets, {"event": event, "node": self._settings["nodename"], **facts})


TOLD = Told()
