"""om mon, svcmon, print status: what is seen from here, of all nodes."""

from __future__ import annotations

import os
from typing import Any, Final

from opensvc_core.errors import ActionFailed
from opensvc_daemon.commands.reaching import reach

_CLEAR: Final = "\x1b[H\x1b[J"


def take(session: Any, arguments: Any) -> int | None:
    """Show the cluster; None where it is this node's own matter."""
    if session.verb == "mon":
        return _monitor(session, arguments)
    client = reach(session)
    if client is None:
        return None
    document = client.get("/v1/status")
    if arguments.refresh:
        asked = [str(service.path) for service in session.node.services(session.selector)]
        client.post("/v1/refresh", {"services": [name for name in asked if name in document["services"]]})
        document = client.get("/v1/status")
    from opensvc_daemon.rendering.instances import with_cluster  # noqa: PLC0415 - `om mon` needs no types of the core

    session.completed = lambda status: with_cluster(status, document, wanted=arguments.node)
    return None


def _monitor(session: Any, arguments: Any) -> int | None:
    """The monitor's page; the older table, which is asked for by service, and what refreshes it are the core's."""
    is_table = session.program == "svcmon" and session.selector
    if arguments.update_stored or is_table:
        return None
    client = reach(session)
    if client is None:
        return None
    if not arguments.watch:
        print(_page(session, arguments, client.get("/v1/status")), file=session.stdout)
        return 0
    clear = _CLEAR if session.stdout.isatty() else ""
    events = client.stream("/v1/events")
    while True:
        print(f"{clear}{_page(session, arguments, client.get('/v1/status'))}", file=session.stdout, flush=True)
        if next(events, None) is None:
            raise ActionFailed("the daemon has ended")


def _page(session: Any, arguments: Any, document: Any) -> str:
    if arguments.format == "json":
        import json  # noqa: PLC0415

        return json.dumps(document, indent=None if arguments.watch else 4, sort_keys=True, ensure_ascii=False)
    from opensvc_daemon.rendering.monitor import matrix, monitor  # noqa: PLC0415

    paint = session.palette(arguments.color).paint
    width = _width(session)
    if session.program == "svcmon":
        return matrix(document, paint, width=width)
    return monitor(document, paint, width=width, selector=session.selector)


def _width(session: Any) -> int:
    """The columns of the terminal; 0: there is none."""
    try:
        return os.get_terminal_size(session.stdout.fileno()).columns
    except (OSError, ValueError):
        return 0
