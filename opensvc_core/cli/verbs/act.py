"""start, stop, restart, provision, unprovision, run: an action on the resources of services."""

from __future__ import annotations

from opensvc_core.cli.acting import act_on
from opensvc_core.cli.cluster import refuse_alone
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, selection, services
from opensvc_core.instance.journal import Sink
from opensvc_core.instance.request import Request
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """Carry the action out, or with --plan print what it would do."""
    return carry_out(session, arguments, services(session), session.verb)


def carry_out(session: Session, arguments: Arguments, found: list[Service], action: str, *, is_one: bool | None = None) -> int:
    """Do an action on services as the options say. `is_one`: only one can be meant, a plan need not name it; default: it is one."""
    refuse_alone(session, arguments)
    request = Request(
        action,
        selection(arguments),
        is_forced=arguments.force,
        rolls_back=not arguments.disable_rollback,
        confirmed_down=frozenset(node.strip().lower() for node in arguments.confirm_down),
        by_manager=arguments.cluster,
        due_at=session.node.clock.now() if arguments.cron and not arguments.force else None,
    )
    if arguments.plan:
        needs_no_name = len(found) == 1 if is_one is None else is_one
        return each(session, found, lambda service: show_plan(session, service, request, is_one=needs_no_name))
    if session.layout == "tree" and not (arguments.local or arguments.cluster or arguments.cron) and not request.selection.is_scoped:
        print("no daemon answers: acting on this node only (--local says so)", file=session.stderr)

    def act(service: Service, sink: Sink) -> None:
        service.perform(request, sink, wait_lock=arguments.waitlock, by_scheduler=arguments.cron)

    return act_on(session, found, act)


def show_plan(session: Session, service: Service, request: Request, *, is_one: bool) -> None:
    """Print the operations; where there are several services, each line says whose."""
    lines = str(service.rehearse(request)).splitlines()
    print("".join(f"{line}\n" if is_one else f"{service.path} {line}\n" for line in lines), end="", file=session.stdout)
