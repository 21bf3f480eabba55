"""resource monitor: see to the monitored resources of services that a cluster manager has started here."""

from __future__ import annotations

from opensvc_core.cli.acting import act_on
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import services
from opensvc_core.instance.journal import Sink
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """Do it now; with --cron only where it is due."""
    due_at = session.node.clock.now() if arguments.cron else None

    def act(service: Service, sink: Sink) -> None:
        service.monitor(sink, due_at=due_at, by_scheduler=arguments.cron)

    return act_on(session, services(session), act)
