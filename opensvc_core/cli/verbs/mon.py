"""svcmon: the services of this node, a line each."""

from __future__ import annotations

import os
import random
import time
from typing import Any

from opensvc_core.cli.cluster import has_daemon, refuse_alone
from opensvc_core.cli.mending import mend
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.render.classic import monitor_table
from opensvc_core.cli.render.colors import palette
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each
from opensvc_core.instance.service import Service
from opensvc_core.model.snapshot import ServiceStatus


def run(session: Session, arguments: Arguments) -> int:
    """Print the table of services, or with --updatedb only refresh what plugins know of them."""
    refuse_alone(session, arguments)
    if arguments.max_delay:
        time.sleep(random.uniform(0, arguments.max_delay))
    statuses: list[ServiceStatus] = []
    shared: dict[str, Any] = {}

    def look(service: Service) -> None:
        statuses.append(service.status(shared=shared))
        if session.layout != "tree":
            mend(session, service, is_told=not arguments.update_stored)
        service.tell_status(statuses[-1])
        if arguments.update_stored:
            service.state.keep_time("status", session.node.clock.now())

    code = each(session, session.node.services(session.selector or "*"), look)
    if arguments.format == "json":
        from opensvc_core.cli.render.machine import dumps, status_json  # noqa: PLC0415

        print(dumps({str(status.path): status_json(status) for status in statuses}), file=session.stdout)
    elif not arguments.update_stored:
        _show(session, arguments, statuses)
    return max(code, _tell_alone(session))


def _show(session: Session, arguments: Arguments, statuses: list[ServiceStatus]) -> None:
    if statuses or session.layout != "tree":
        print(monitor_table(statuses, palette(arguments.color, session.stdout, os.environ)), file=session.stdout)


def _tell_alone(session: Session) -> int:
    """`om mon` is about the cluster, of which nothing is known here."""
    if session.layout != "tree" or not has_daemon():
        return 0
    print(
        f"{session.program}: no daemon answers on this node, 'om daemon start' starts it; of the cluster nothing is known",
        file=session.stderr,
    )
    return 1
