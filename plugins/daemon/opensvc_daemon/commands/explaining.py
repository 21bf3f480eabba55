"""explain: why a service is where it is, as this node sees it, or another one."""

from __future__ import annotations

from typing import Any

from opensvc_daemon.commands.reaching import named, needed, place


def run(session: Any, arguments: Any) -> int:
    """A page for each service; `--format json`: all of it, with codes and facts."""
    client, node = needed(session), (arguments.more.get("asked") or "").lower() or None
    services = named(session, client.get("/v1/status", node=node))
    found = {service: client.get(f"{place(service)}/explain", node=node) for service in services}
    if arguments.format == "json":
        reasons = {service: one["reasons"] for service, one in found.items()}
        session.print_json(reasons=reasons, explanations=found)
        return 0
    from opensvc_daemon.rendering.explanation import explanation  # noqa: PLC0415 - a program reads the data

    for service, one in found.items():
        print(explanation(service, one), end="", file=session.stdout)
    return 0
