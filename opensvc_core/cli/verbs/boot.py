"""boot: what is due when the node comes up without a daemon."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.cli.verbs.act import carry_out
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """Start the services that start here by themselves; of the others only what is kept up on every node."""
    due: dict[str, list[Service]] = {"start": [], "startstandby": []}

    def sort(service: Service) -> None:
        due["start" if service.starts_at_boot() else "startstandby"].append(service)

    codes = [each(session, services(session), sort)]
    for action, found in due.items():
        if found:
            codes.append(carry_out(session, arguments, found, action))
    return max(codes)
