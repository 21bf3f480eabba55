"""Orders: what the cluster is asked to do with services, and whether it has done it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.errors import NoSuchObject, OpensvcError, UsageError
from opensvc_daemon.commands.reaching import needed, place, reach

if TYPE_CHECKING:
    from opensvc_daemon.client import Client

# How long one question for a request's end is left open.
_ROUND: Final = 30.0
# A wait that nobody limits ends where something must have been lost.
_LONGEST: Final = 3600.0
# How long until the daemon has read a file that is new.
_NEWS: Final = 3.0
_PAUSE: Final = 0.05
_LOCAL: Final = {
    "force": "--force",
    "disable_rollback": "--disable-rollback",
    "waitlock": "--waitlock",
    "cron": "--cron",
    "plan": "--plan",
}
# What a person asks for of a frozen service all the same; a start thaws it itself.
_THAWING: Final = ("switch", "takeover", "giveback", "provision")
_UP_HERE: Final = {"allupservices": "up", "alldownservices": "down"}


def take(session: Any, arguments: Any) -> int | None:
    """Ask the cluster for what a command of the core says; None: it is for this node alone, or no daemon answers."""
    if _is_local(session, arguments):
        return None
    client = reach(session)
    if client is None:
        return None
    _refuse(arguments)
    return order(session, arguments, client, session.verb)


def run(session: Any, arguments: Any) -> int:
    """switch, takeover, giveback, purge, clear, abort: what only a cluster can do."""
    return order(session, arguments, needed(session), session.verb)


def order(session: Any, arguments: Any, client: Client, wish: str) -> int:
    """Ask for each of the services, and with --wait see to its end; the highest exit code. One that fails stops no other."""
    to = [node for node in (arguments.more.get("to") or "").replace(",", " ").split() if node]
    services, document = _known(session, client)
    codes, asked = [0], dict[str, str]()
    for service in services:
        chosen = to or _chosen(session, document, service, wish)
        if wish == "switch" and not chosen and service in document["services"]:
            codes.append(_told(session, service, "there is no node to switch to: no other of its nodes answers and has it down", 5))
            continue
        body: dict[str, Any] = {"wish": wish, "to": chosen}
        if arguments.confirm_down:
            body["confirmed_down"] = [node.strip().lower() for node in arguments.confirm_down]
        try:
            if wish in _THAWING:
                _thaw(client, document, service)
            asked[service] = client.post(f"{place(service)}/requests", body)["id"]
        except OpensvcError as error:
            codes.append(_told(session, service, str(error), error.exit_code))
    if arguments.wait or arguments.time is not None:
        until = time.monotonic() + (_LONGEST if arguments.time is None else arguments.time)
        codes += [_followed(session, client, wish, (service, request), until) for service, request in asked.items()]
    return max(codes)


def _is_local(session: Any, arguments: Any) -> bool:
    """It names this node, or a part of the service; or it comes from the daemon's own action, or from a cluster manager."""
    import os  # noqa: PLC0415

    selects = (arguments.rid, arguments.tags, arguments.subset, arguments.upto, arguments.downto)
    is_ours = os.environ.get("OSVC_ACTION_ORIGIN") == "daemon" or session.program.endswith((".cluster", ".stonith"))
    return arguments.local or arguments.plan or arguments.cron or any(selects) or is_ours


def _refuse(arguments: Any) -> None:
    """Raise UsageError for what an order can't carry."""
    for name, flag in _LOCAL.items():
        if getattr(arguments, name):
            raise UsageError(f"{flag} is for an action on this node alone: add --local")


def _known(session: Any, client: Client) -> tuple[list[str], Any]:
    """The services that are meant, and the cluster's document. One that was made a moment ago is waited for: the daemon reads its file."""
    until = time.monotonic() + _NEWS
    while True:
        document = client.get("/v1/status")
        services = _services(session, document)
        if all(service in document["services"] for service in services) or time.monotonic() > until:
            return services, document
        time.sleep(_PAUSE)


def _thaw(client: Client, document: Any, service: str) -> None:
    """What a person asks for is not refused because the service was frozen: it ends thawed."""
    instances = document["services"].get(service, {}).get("instances", {})
    if any(one.get("frozen") for one in instances.values()):
        request = client.post(f"{place(service)}/requests", {"wish": "thaw", "to": []})["id"]
        client.get(f"/v1/requests/{request}", wait=_ROUND)


def _chosen(session: Any, document: Any, service: str, wish: str) -> list[str]:
    """Where an order goes that names no node: a takeover comes here, a switch goes elsewhere, the cluster knows the place of others."""
    if wish == "takeover":
        return [session.nodename]
    return _elsewhere(document, service) if wish == "switch" else []


def _elsewhere(document: Any, service: str) -> list[str]:
    """The first of the service's nodes, in their order, that answers and has it not up; none where there is no such node."""
    found = document["services"].get(service, {})
    here = {node for node, one in found.get("instances", {}).items() if one.get("avail") in ("up", "warn")}
    nodes = document["nodes"]
    able = [node for node in found.get("nodes", ()) if node not in here and nodes.get(node, {}).get("reach") in ("beating", "heard")]
    return sorted(able, key=lambda node: bool(nodes[node].get("frozen")))[:1]


def _services(session: Any, document: Any) -> list[str]:
    """The services that are meant: those of this node, and the cluster's others. Raises NoSuchObject."""
    try:
        found = [str(service.path) for service in session.node.services(session.selector)]
    except NoSuchObject:
        found = [name for name in session.selector.split(",") if name in document["services"]]
        if len(found) != len(session.selector.split(",")):
            raise
    if wanted := _UP_HERE.get(session.program):
        here = {name: one["instances"].get(document["me"], {}).get("avail") for name, one in document["services"].items()}
        found = [name for name in found if here.get(name) == wanted]
    return found


def _followed(session: Any, client: Client, wish: str, asked: tuple[str, str], until: float) -> int:
    """See a request of a service to its end; the exit code."""
    service, request = asked
    while True:
        left = until - time.monotonic()
        found = client.get(f"/v1/requests/{request}", wait=max(0.0, min(left, _ROUND)))
        progress = found.get("progress")
        if progress == "done":
            return 0
        if progress != "active":
            why = found.get("why") or progress
            return _told(
                session,
                service,
                f"{wish} {progress}: {why}" if why != progress else f"{wish} {progress}",
                5 if progress == "refused" else 1,
            )
        if left <= 0:
            return _told(
                session,
                service,
                f"{wish} is not done yet; it goes on (request {request}): 'om {service} explain' tells why, 'om {service} abort' ends it",
                1,
            )


def _told(session: Any, service: str, text: str, code: int) -> int:
    line = " ".join(text.splitlines())
    print(f"{session.program}: {line if line.startswith(service) else f'{service}: {line}'}", file=session.stderr)
    return code
