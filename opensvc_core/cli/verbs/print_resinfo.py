"""print resinfo, push resinfo: what the resources tell about themselves."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """Print names and values by resource."""
    known: dict[str, dict[str, dict[str, str]]] = {}

    def look(service: Service) -> None:
        known[str(service.path)] = service.info()
        if session.verb == "push resinfo":
            service.state.keep_time("push_resinfo", session.node.clock.now())

    code = each(session, services(session), look)
    if arguments.format == "json":
        session.print_json(services=known)
        return code
    for service, resources in known.items():
        for rid, values in resources.items():
            for name, value in values.items():
                prefix = f"{service} " if len(known) > 1 else ""
                print(f"{prefix}{rid} {name}: {value}", file=session.stdout)
    return code
