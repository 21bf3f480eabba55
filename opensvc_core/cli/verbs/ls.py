"""ls: the services of this node."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.instance.store import Store
from opensvc_core.model.names import ServicePath


def run(session: Session, arguments: Arguments) -> int:
    """Print the names of the services, or of those that the selector names."""
    paths = _named(session) if session.selector else Store(session.paths).services()
    if arguments.format == "json":
        session.print_json(services=[str(path) for path in paths])
    else:
        print("".join(f"{path}\n" for path in paths), end="", file=session.stdout)
    return 0


def _named(session: Session) -> list[ServicePath]:
    return [service.path for service in session.node.services(session.selector)]
