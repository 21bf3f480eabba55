"""node print capabilities: which of the installed drivers this host can run."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.render.node import table
from opensvc_core.cli.session import Session
from opensvc_core.errors import DriverUnavailable
from opensvc_core.registry import lacks


def run(session: Session, arguments: Arguments) -> int:
    """Print a line for each driver: that the node can run it, or what is missing and the remedy."""
    problems = _problems(session)
    if arguments.format == "json":
        rows = [{"id": name, "can_run": not problem, "problem": problem} for name, problem in problems.items()]
        session.print_json(capabilities=rows)
    elif problems:
        print(table([(name, problem or "can run") for name, problem in problems.items()]), end="", file=session.stdout)
    return 0


def _problems(session: Session) -> dict[str, str]:
    """By driver id what keeps it from running here; the names of older sections are left out."""
    found: dict[str, str] = {}
    for name, _, driver in session.node.registry.drivers():
        if isinstance(driver, DriverUnavailable):
            found[name] = str(driver)
        elif driver.id.lower() == name:
            found[driver.id] = "".join(lacks(driver))
    return found
