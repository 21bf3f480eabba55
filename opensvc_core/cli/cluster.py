"""The cluster: what the daemon of this node does of a command, where one answers."""

from __future__ import annotations

import os
from typing import Final

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.errors import ActionRefused

# The group of entry points whose modules know a daemon: `take(session, arguments) -> int | None` and `done(session)`.
_GROUP: Final = "opensvc.daemon"


def take(session: Session, arguments: Arguments) -> int | None:
    """Let the daemon do what is the cluster's; the exit code, or None: no daemon answers, or the command is this node's own.

    Without a daemon it costs one look for its socket.
    """
    if not os.path.exists(os.path.join(session.paths.run, "api.sock")):  # noqa: PTH110, PTH118 - each command pays for it
        return None
    from opensvc_core.system.entrypoints import scan  # noqa: PLC0415

    for point in scan((_GROUP,)):
        code: int | None = point.load().take(session, arguments)
        if code is not None:
            return code
    return None


def done(session: Session) -> None:
    """Tell those who know a daemon that a command has changed the configuration of the node or the cluster."""
    from opensvc_core.system.entrypoints import scan  # noqa: PLC0415

    for point in scan((_GROUP,)):
        point.load().done(session)


def has_daemon() -> bool:
    """A daemon is installed, whether it runs or not."""
    from opensvc_core.system.entrypoints import scan  # noqa: PLC0415

    return bool(scan((_GROUP,)))


def refuse_alone(session: Session, arguments: Arguments) -> None:
    """Raise ActionRefused for options that only the cluster can serve, where the command is done on this node alone."""
    given = {"--node": bool(arguments.node) and session.completed is None, "--time": arguments.time is not None, "--watch": arguments.watch}
    for flag, is_given in given.items():
        if is_given:
            why = "it goes with what the cluster does, not with --local or a selection" if _is_chosen(arguments) else _no_daemon()
            raise ActionRefused(f"{flag}: {why}")


def _is_chosen(arguments: Arguments) -> bool:
    return arguments.local or arguments.cluster or any((arguments.rid, arguments.tags, arguments.subset, arguments.upto, arguments.downto))


def _no_daemon() -> str:
    return "no daemon answers on this node; 'om daemon start' starts it"
