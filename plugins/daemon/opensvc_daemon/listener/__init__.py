"""The listener: the daemon's API over HTTP, on a unix socket and on TCP with TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opensvc_core.api import Node
    from opensvc_daemon.listener.calls import Log
    from opensvc_daemon.listener.listening import Listener
    from opensvc_daemon.listener.served import Served


def _silent(level: str, text: str, *, request: str) -> None:
    """Nobody wants to know."""


async def start(served: Served, node: Node, log: Log = _silent) -> Listener:
    """Serve the API in the running loop; returns when it listens. `log(level, text, request=id)` tells what was done by it.

    Raises OpensvcError where the unix socket can't be made. `reconfigure()` and `stop()` are the result's.
    """
    from opensvc_daemon.listener.listening import Listener  # noqa: PLC0415 - who only calls the API needs no server

    listener = Listener(node, served, log)
    await listener.begin()
    return listener
