"""shutdown: everything of a service is stopped, as when the node goes down."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.cli.verbs.act import carry_out
from opensvc_core.instance import boot
from opensvc_core.instance.service import Service
from opensvc_core.model.selectors import is_pattern


def run(session: Session, arguments: Arguments) -> int:
    """Stop everything, standby resources too.

    Of the services that a pattern matches, those that are disabled or not for this node are left alone; one that is named is refused.
    """
    found = services(session)
    if not is_pattern(session.selector):
        return carry_out(session, arguments, found, "shutdown")
    due: list[Service] = []
    code = each(session, found, lambda service: _sort(session, service, due))
    session.stdout.flush()
    return max(code, carry_out(session, arguments, due, "shutdown", is_one=False) if due else 0)


def _sort(session: Session, service: Service, due: list[Service]) -> None:
    halt = boot.at_halt(service)
    if halt.reason:
        print(f"{service.path}: {halt.reason}", file=session.stdout)
    if halt.action:
        due.append(service)
