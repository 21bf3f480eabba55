"""sync nodes, sync drp, sync all, sync update: copy the data of services to their other nodes."""

from __future__ import annotations

from opensvc_core.cli.acting import act_on
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.reader import PROGRAMS
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, selection, services
from opensvc_core.cli.verbs.act import show_plan
from opensvc_core.instance.journal import Sink
from opensvc_core.instance.request import Request
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """Copy what may be copied now; with --force whatever the time of the day, and however recent the last copy.

    'sync update' is 'sync all': what rsync copies is always an update.
    """
    found = services(session)
    request = Request(
        session.verb.replace(" ", "_"),
        selection(arguments),
        is_forced=arguments.force,
        due_at=None if arguments.force or arguments.plan else session.node.clock.now(),
        shown_as=str(session.paths.etc / session.program) if session.program not in PROGRAMS else "",
        keeps_own=arguments.keep_own,
    )
    if arguments.plan:
        return each(session, found, lambda service: show_plan(session, service, request, is_one=len(found) == 1))

    def act(service: Service, sink: Sink) -> None:
        service.perform(request, sink, wait_lock=arguments.waitlock, by_scheduler=arguments.cron)

    return act_on(session, found, act)
