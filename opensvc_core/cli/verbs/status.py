"""status: the overall status as the exit code."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """0 up, 1 down, 2 warn, 3 n/a, 5 undef, 6 stdby up, 7 stdby down; of several services the highest.

    A cluster manager that asks (`<service>.cluster status`) is told of the service itself: what that manager does is not part of it.
    """

    def code(service: Service) -> int:
        seen = service.status()
        return (seen.avail if arguments.cluster else seen.overall).code

    return each(session, services(session), code)
