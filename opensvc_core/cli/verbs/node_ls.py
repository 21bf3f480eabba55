"""node ls: the nodes that are known here."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session


def run(session: Session, arguments: Arguments) -> int:
    """Print the names by which services' files call the nodes; where no daemon answers, that of this one."""
    if arguments.format == "json":
        session.print_json(nodes=[session.nodename])
    else:
        print(session.nodename, file=session.stdout)
    return 0
