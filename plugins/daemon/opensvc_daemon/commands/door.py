"""The door: which commands of the core the daemon takes over where it answers. The core asks here once it has found the daemon's socket."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

# By scope and words of a command, the module that may take it.
_PLACES: Final[Mapping[tuple[str, str], str]] = {
    **{
        ("service", verb): "ordering"
        for verb in ("start", "stop", "restart", "shutdown", "provision", "unprovision", "freeze", "thaw", "delete")
    },
    ("service", "print status"): "showing",
    ("global", "mon"): "showing",
    ("service", "logs"): "logs",
    ("service", "schedule run"): "schedule",
    **{("node", verb): "nodes" for verb in ("freeze", "thaw", "ls", "shutdown")},
    ("node", "schedule run"): "schedule",
}


def take(session: Any, arguments: Any) -> int | None:
    """Do a command of the core; the exit code, or None: it is not the daemon's, or no daemon answers."""
    place = _PLACES.get((session.scope, session.verb))
    if place is None:
        return None
    code: int | None = import_module(f"opensvc_daemon.commands.{place}").take(session, arguments)
    return code


def done(session: Any) -> None:
    """A command of the core has changed node.conf or cluster.conf."""
    from opensvc_daemon.commands.configuring import changed  # noqa: PLC0415 - each command of the core comes by here

    changed(session)
