"""What node.conf says of hooks."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from opensvc_core.api import ConfigError

EVENTS = ("before_action", "after_action", "status_changed")
Sections = Mapping[str, Mapping[str, str]]


class NodeHook(NamedTuple):
    """One section: its name, its events and its command."""

    name: str
    events: tuple[str, ...]
    command: tuple[str, ...]


class Configured:
    """The hooks of this node, read anew each time: the file may change while a process lives."""

    def __init__(self) -> None:
        self.sections: Callable[[], Sections] = dict

    def announce(self, settings: Mapping[str, Any]) -> None:
        """Take what the core announces."""
        self.sections = settings["node_config"]

    def hooks(self, event: str = "") -> Iterator[NodeHook]:
        """The hooks of an event, or all. Raises ConfigError for a section that can't be used."""
        for name, keys in self.sections().items():
            if name.startswith("hook#"):
                hook = _read(name, keys)
                if not event or event in hook.events:
                    yield hook


def _read(name: str, keys: Mapping[str, str]) -> NodeHook:
    events = tuple(keys.get("events", "").split())
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        raise ConfigError(f"events are some of {', '.join(EVENTS)}", path="node.conf", section=name, key="events")
    try:
        command = tuple(shlex.split(keys.get("command", "")))
    except ValueError as error:
        raise ConfigError(str(error), path="node.conf", section=name, key="command") from error
    if not command:
        raise ConfigError("a command is required", path="node.conf", section=name, key="command")
    return NodeHook(name, events, command)


CONFIGURED = Configured()
