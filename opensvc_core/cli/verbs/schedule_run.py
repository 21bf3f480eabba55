"""schedule run: do what is due by schedule, called by cron or by a timer where no daemon runs."""

from __future__ import annotations

from typing import Final

from opensvc_core.cli.acting import act_on
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import services
from opensvc_core.instance.journal import Sink
from opensvc_core.instance.request import Request
from opensvc_core.instance.scheduled import MONITOR, due_actions
from opensvc_core.instance.service import Service
from opensvc_core.plan.actions import ACTIONS

_ALL: Final = "**"


def run(session: Session, _arguments: Arguments) -> int:
    """Do it for each service; nothing is said where nothing is due."""
    found = services(session) if session.scope == "service" else session.node.services(_ALL)
    now = session.node.clock.now()
    return act_on(session, found, lambda service, sink: _act(service, sink, now), sums_up=False) if found else 0


def _act(service: Service, sink: Sink, now: float) -> None:
    actions = due_actions(service.instance(), now)
    try:
        if MONITOR in actions:  # before what may take hours
            service.monitor(sink, due_at=now, by_scheduler=True)
    finally:
        _act_on_the_rest(service, sink, now, actions)


def _act_on_the_rest(service: Service, sink: Sink, now: float, actions: set[str]) -> None:
    if "status" in actions:
        service.tell_status(service.status())
        service.state.keep_time("status", now)
    if "push_resinfo" in actions:
        service.info()
        service.state.keep_time("push_resinfo", now)
    for action in sorted(actions & ACTIONS.keys()):
        service.perform(Request(action, due_at=now), sink, by_scheduler=True)
