"""node print status: whether the node is frozen, and what it does by itself."""

from __future__ import annotations

from typing import Any

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.render.node import moment_text, table
from opensvc_core.cli.session import Session
from opensvc_core.system import units

_AT_BOOT = {
    "daemon": f"the daemon starts what is wanted here ({units.AGENT})",
    "enabled": f"services start ({units.BOOT})",
    "disabled": f"no service starts: {units.BOOT} is not enabled",
    "missing": "no service starts: no unit is installed ('om node install units')",
}


def run(session: Session, arguments: Arguments) -> int:
    """Print the name and whether the node is frozen, its environment, its services and those that are frozen, and what happens at boot."""
    status = _status(session)
    if arguments.format == "json":
        session.print_json(node=status)
        return 0
    frozen = f"frozen since {status['frozen_since']}" if status["frozen"] else "not frozen"
    services = f"{status['services']}" + (f", frozen: {' '.join(status['frozen_services'])}" if status["frozen_services"] else "")
    rows = [(status["name"], frozen), ("env", status["env"]), ("services", services), ("at boot", _AT_BOOT[status["at_boot"]])]
    print(table(rows), end="", file=session.stdout)
    return 0


def _status(session: Session) -> dict[str, Any]:
    node = session.node
    since = node.state.frozen_since()
    services = node.services()
    return {
        "name": node.name,
        "frozen": since is not None,
        "frozen_since": None if since is None else moment_text(since),
        "env": node.settings.env,
        "services": len(services),
        "frozen_services": [str(service.path) for service in services if service.state.is_frozen()],
        "at_boot": units.state(root=session.root),
    }
