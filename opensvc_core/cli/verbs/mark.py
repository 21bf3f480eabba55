"""set provisioned, set unprovisioned: note what an administrator knows of the resources."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, selection, services


def run(session: Session, arguments: Arguments) -> int:
    """Note it; nothing is made or removed."""
    chosen, value = selection(arguments), session.verb == "set provisioned"
    return each(session, services(session), lambda service: service.set_provisioned(value=value, selection=chosen))
