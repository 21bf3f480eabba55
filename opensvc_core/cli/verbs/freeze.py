"""freeze, thaw: whether the daemon may act on its own."""

from __future__ import annotations

from opensvc_core.cli.cluster import refuse_alone
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.instance.state import State


def run(session: Session, arguments: Arguments) -> int:
    """Freeze or thaw the node, or services."""
    refuse_alone(session, arguments)
    if session.scope == "node":
        _set(session, session.node.state)
        return 0
    return each(session, services(session), lambda service: _set(session, service.state))


def _set(session: Session, state: State) -> None:
    if session.verb == "freeze":
        state.freeze()
    else:
        state.thaw()
