"""boot: what is due when the node comes up without a daemon."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.cli.verbs.act import carry_out
from opensvc_core.instance import boot
from opensvc_core.instance.service import Service
from opensvc_core.model.selectors import is_pattern


def run(session: Session, arguments: Arguments) -> int:
    """Start the services that start here by themselves; of the others only what is kept up on every node.

    Left alone are services that are frozen, disabled, or not for this node.
    """
    due: dict[str, list[Service]] = {"start": [], "startstandby": []}

    def sort(service: Service) -> None:
        found = boot.at_boot(service)
        if found.reason:
            print(f"{service.path}: {found.reason}", file=session.stdout)
        if found.action:
            due[found.action].append(service)

    codes = [each(session, services(session), sort)]
    session.stdout.flush()
    for action, found in due.items():
        if found:
            codes.append(carry_out(session, arguments, found, action, is_one=not is_pattern(session.selector)))
    return max(codes)
