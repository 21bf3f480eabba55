"""status: the overall status as the exit code."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services


def run(session: Session, _arguments: Arguments) -> int:
    """0 up, 1 down, 2 warn, 3 n/a, 5 undef, 6 stdby up, 7 stdby down; of several services the highest."""
    return each(session, services(session), lambda service: service.status().overall.code)
