"""print status: the service and its resources, seen now."""

from __future__ import annotations

import os
from typing import Any

from opensvc_core.cli.cluster import refuse_alone
from opensvc_core.cli.mending import mend
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.render.colors import Palette, palette
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.instance.service import Service
from opensvc_core.model.snapshot import ServiceStatus


def run(session: Session, arguments: Arguments) -> int:
    """Print the status tree in the layout of the command, or as JSON."""
    refuse_alone(session, arguments)
    found = services(session)
    if arguments.format == "json":
        return _machine(session, found, arguments)
    colors = palette(arguments.color, session.stdout, os.environ)
    shared: dict[str, Any] = {}
    return each(session, found, lambda service: _tree(session, service, colors, arguments, shared))


def _tree(session: Session, service: Service, colors: Palette, arguments: Arguments, shared: dict[str, Any]) -> None:
    if session.layout == "tree":
        from opensvc_core.cli.render.tree import instance_tree  # noqa: PLC0415 - one layout is enough

        status = _seen(session, service, arguments, shared)
        print(instance_tree(status, colors), file=session.stdout)
    else:
        from opensvc_core.cli.render.classic import tree_lines  # noqa: PLC0415

        service.file  # noqa: B018 - a service that does not exist is refused before its name is printed
        is_watched = session.stdout.isatty()
        if not is_watched:  # as the transcripts have it
            mend(session, service)
        print(service.path, file=session.stdout, flush=True)
        if is_watched:
            mend(session, service)
        status = service.status(shows_disabled=arguments.show_disabled, shared=shared)
        print("\n".join(tree_lines(status, colors)), file=session.stdout)
    service.tell_status(status)


def _seen(session: Session, service: Service, arguments: Arguments, shared: dict[str, Any]) -> ServiceStatus:
    """The service as it is seen here, and on the other nodes as the daemon knows it."""
    status = service.status(shows_disabled=arguments.show_disabled, shared=shared)
    return status if session.completed is None else session.completed(status)


def _machine(session: Session, found: list[Service], arguments: Arguments) -> int:
    from opensvc_core.cli.render.machine import dumps, status_json  # noqa: PLC0415

    pictures: dict[str, dict[str, Any]] = {}
    shared: dict[str, Any] = {}

    def look(service: Service) -> None:
        pictures[str(service.path)] = status_json(_seen(session, service, arguments, shared))

    code = each(session, found, look)
    if pictures or len(found) != 1:
        print(dumps(pictures if len(found) != 1 else next(iter(pictures.values()))), file=session.stdout)
    return code
