"""node shutdown: all services of the node are stopped, before it goes down."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.verbs import shutdown


def run(session: Session, arguments: Arguments) -> int:
    """Stop everything that is up here. Where a daemon answers, it does that in the cluster's order, and ends."""
    session.selector = "**"
    return shutdown.run(session, arguments._replace(local=True))
