"""node print asset: what the node is."""

from __future__ import annotations

from typing import Any

from opensvc_core import __version__
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.render.node import asset_text, moment_text
from opensvc_core.cli.session import Session
from opensvc_core.system import facts


def run(session: Session, arguments: Arguments) -> int:
    """Print name, agent, operating system, hardware, memory, boot and addresses. Sizes are bytes, durations seconds in the JSON."""
    asset = _asset(session)
    if arguments.format == "json":
        session.print_json(asset=asset)
    else:
        print(asset_text(asset), end="", file=session.stdout)
    return 0


def _asset(session: Session) -> dict[str, Any]:
    found, settings = facts.read(), session.node.settings
    location = {word: getattr(settings, f"loc_{word}") for word in ("country", "city", "building", "room", "rack")}
    return {
        "name": session.nodename,
        "fqdn": found.fqdn,
        "env": settings.env,
        "location": {word: value for word, value in location.items() if value},
        "agent": __version__,
        "os": {"name": found.os_name, "id": found.os_id, "version": found.os_version},
        "kernel": found.kernel,
        "architecture": found.architecture,
        "hardware": {"maker": found.maker, "model": found.model, "serial": found.serial},
        "cpu": {"model": found.cpu, "count": found.cpu_count},
        "memory": {"total": found.memory, "swap": found.swap},
        "boot": {"id": found.boot_id, "since": moment_text(found.up_since), "uptime": int(found.uptime)},
        "devices": {name: {"mac": one.mac, "addresses": list(one.addresses)} for name, one in found.interfaces.items()},
    }
