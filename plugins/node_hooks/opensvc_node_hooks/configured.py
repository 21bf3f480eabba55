"""What node.conf and cluster.conf say of hooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar

from opensvc_core.api import Declares, Keyword, shell_words

EVENTS = ("before_action", "after_action", "status_changed")
D = TypeVar("D", bound=Declares)


class Sections(Protocol):
    """`node_sections` of what the core announces."""

    def __call__(self, word: str, kind: type[D], /) -> Mapping[str, D]: ...


def events(value: str) -> list[str]:
    """Words between white space: `before_action`, `after_action`, `status_changed`."""
    found = value.split()
    if not found or not set(found) <= set(EVENTS):
        raise ValueError(f"events are some of {', '.join(EVENTS)}")
    return found


def command(value: str) -> list[str]:
    """The argument list of a command line, as a POSIX shell splits it."""
    found = shell_words(value)
    if not found:
        raise ValueError("a command is required")
    return found


class HookKeywords(Declares):
    """`[hook#…]` of node.conf or cluster.conf: a command of the administrator, and when it is run."""

    events = Keyword(events, required=True, scopable=True, text="When it is run.", example="after_action status_changed")
    command = Keyword(command, required=True, scopable=True, text="What is run.", example="/usr/local/bin/tell-the-team")


class Configured:
    """The hooks of this node, read anew each time: the file may change while a process lives."""

    def __init__(self) -> None:
        self.sections: Sections = lambda _word, _kind: {}

    def announce(self, settings: Mapping[str, Any]) -> None:
        """Take what the core announces."""
        self.sections = settings["node_sections"]

    def hooks(self, event: str = "") -> Iterator[tuple[str, HookKeywords]]:
        """The hooks of an event, or all, by their names. Raises ConfigError for a section that can't be used."""
        for name, hook in self.sections("hook", HookKeywords).items():
            if not event or event in hook.events:
                yield name, hook


CONFIGURED = Configured()
