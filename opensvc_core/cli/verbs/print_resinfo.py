"""print resinfo, push resinfo: what the resources tell about themselves."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services


def run(session: Session, arguments: Arguments) -> int:
    """Print names and values by resource."""
    known: dict[str, dict[str, dict[str, str]]] = {}
    code = each(session, services(session), lambda service: known.update({str(service.path): service.info()}))
    if arguments.format == "json":
        session.print_json(services=known)
        return code
    for service, resources in known.items():
        for rid, values in resources.items():
            for name, value in values.items():
                prefix = f"{service} " if len(known) > 1 else ""
                print(f"{prefix}{rid} {name}: {value}", file=session.stdout)
    return code
