"""`<service>.stonith start`: what a cluster manager asks before it takes a service over. Its exit code decides."""

from __future__ import annotations

from opensvc_core.cli.acting import act_on
from opensvc_core.cli.session import Session
from opensvc_core.instance.journal import Sink
from opensvc_core.instance.manager import fence_before_takeover
from opensvc_core.instance.service import Service


def run(session: Session) -> int:
    """Make sure that the other node is down, where nobody knows what it does; the exit code, 0: the start may go on."""

    def act(service: Service, sink: Sink) -> None:
        fence_before_takeover(session.node, service, service.journal(sink))

    return act_on(session, [session.node.service(session.selector)], act)
