"""Orders: what the cluster is asked to do with services, and whether it has done it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.errors import ActionRefused, Delegated, OpensvcError, UsageError
from opensvc_daemon.commands.reaching import named, needed, place, reach

if TYPE_CHECKING:
    from opensvc_daemon.client import Client

# How long one question for a request's end is left open.
_ROUND: Final = 30.0
# A wait that nobody limits ends where something must have been lost.
_LONGEST: Final = 3600.0
# How long until the daemon has read a file that is new.
_NEWS: Final = 10.0
_PAUSE: Final = 0.05
_LOCAL: Final = {
    "force": "--force",
    "disable_rollback": "--disable-rollback",
    "waitlock": "--waitlock",
    "cron": "--cron",
    "plan": "--plan",
}
_STARTS_OR_STOPS: Final = ("start", "stop", "restart", "provision", "unprovision", "switch", "takeover", "giveback")
_ALIVE: Final = ("beating", "heard")
_UP: Final = ("up", "warn", "stdby up")
_UP_HERE: Final = {"allupservices": "up", "alldownservices": "down"}


def take(session: Any, arguments: Any) -> int | None:
    """Ask the cluster for what a command of the core says; None: it is for this node alone, or no daemon answers."""
    if _is_local(arguments):
        _refuse_alive(session, arguments)
        if session.verb in ("start", "stop") and _is_ordered_whole(arguments):
            _tell_frozen(session, is_to_be_frozen=session.verb == "stop")
        return None
    client = reach(session)
    if client is None:
        return None
    _refuse(arguments, session.verb)
    return order(session, arguments, client, session.verb)


def run(session: Any, arguments: Any) -> int:
    """Ask the cluster for it, and return at once, or with --wait when it is done; what is refused or fails is told with the reason."""
    return order(session, arguments, needed(session), session.verb)


def order(session: Any, arguments: Any, client: Client, wish: str) -> int:
    """Ask for each of the services, and with --wait see to its end; the highest exit code. One that fails stops no other."""
    to = [node for node in (arguments.more.get("to") or "").replace(",", " ").split() if node]
    services, document = _known(session, client)
    codes, asked = [0], dict[str, str]()
    for service in services:
        if wish in _STARTS_OR_STOPS and _is_managed(session, service):
            codes.append(_told(session, service, str(Delegated()), Delegated.exit_code))
            continue
        chosen = to or _chosen(session, document, service, wish)
        if wish == "switch" and not chosen and service in document["services"]:
            codes.append(_told(session, service, "there is no node to switch to: no other of its nodes answers and has it down", 5))
            continue
        if wish == "delete" and not arguments.force and (nodes := _serving(document, service)):
            way_out = f"'om {service} shutdown' first (--force deletes it and leaves what is up without an owner)"
            codes.append(_told(session, service, f"it is up on {', '.join(nodes)}; {way_out}", 5))
            continue
        body: dict[str, Any] = {"wish": wish, "to": chosen}
        if arguments.confirm_down:
            body["confirmed_down"] = _confirmed(arguments)
        try:
            asked[service] = client.post(f"{place(service)}/requests", body)["id"]
        except OpensvcError as error:
            codes.append(_told(session, service, str(error), error.exit_code))
    if arguments.wait or arguments.time is not None:
        until = time.monotonic() + (_LONGEST if arguments.time is None else arguments.time)
        codes += [_followed(session, client, wish, (service, request), until) for service, request in asked.items()]
    return max(codes)


def _is_managed(session: Any, service: str) -> bool:
    """A cluster manager beside us alone starts and stops it."""
    try:
        return bool(session.node.service(service).manager())
    except OpensvcError:  # not on this node, or with a broken file: its node tells
        return False


def _is_local(arguments: Any) -> bool:
    """It names this node, or a part of the service; or it comes from the daemon's own action, or from a cluster manager."""
    return arguments.local or arguments.plan or arguments.cron or _selects(arguments) or _is_of_a_program(arguments)


def _is_ordered_whole(arguments: Any) -> bool:
    """A person wants all of it down on this node."""
    return not (arguments.plan or arguments.cron or _selects(arguments) or _is_of_a_program(arguments))


def _selects(arguments: Any) -> bool:
    return any((arguments.rid, arguments.tags, arguments.subset, arguments.upto, arguments.downto))


def _is_of_a_program(arguments: Any) -> bool:
    import os  # noqa: PLC0415

    return os.environ.get("OSVC_ACTION_ORIGIN") == "daemon" or arguments.cluster


def _tell_frozen(session: Any, *, is_to_be_frozen: bool) -> None:
    """What a person stops here, the daemon does not start here again by itself: frozen first, so that it never finds it down and thawed.

    It stays so, and is not watched when it is started here again: that is said.
    """
    if reach(session) is None:
        return
    wanted = _UP_HERE.get(session.program)
    for service in session.node.services(session.selector):
        with suppress(OpensvcError):  # what is wrong with it, the action tells
            if service.config().service.orchestrate == "no" or (wanted is not None and service.status().avail.value != wanted):
                continue
            if is_to_be_frozen:
                service.state.freeze()
            if service.state.is_frozen():
                text = f"frozen on {session.nodename}: the daemon leaves it alone there until 'om {service.path} thaw'"
                _told(session, str(service.path), text, 0)


def _refuse(arguments: Any, wish: str) -> None:
    """Raise UsageError for what an order can't carry."""
    for name, flag in _LOCAL.items():
        if getattr(arguments, name) and (name, wish) != ("force", "delete"):
            raise UsageError(f"{flag} is for an action on this node alone: add --local")


def _refuse_alive(session: Any, arguments: Any) -> None:
    """Raise ActionRefused where a node is said to be down that the daemon hears: an action here takes over what it has."""
    if not arguments.confirm_down or arguments.force:
        return
    try:
        client = reach(session)
        nodes = client.get("/v1/status")["nodes"] if client else {}
    except OpensvcError as error:
        # what the daemon can't tell is not taken for a no
        given = f"--confirm-down {' '.join(arguments.confirm_down)}"
        raise ActionRefused(f"{given}: whether that is so, the daemon does not tell; --force does not ask it ({error})") from error
    heard = {name.lower() for name, one in nodes.items() if one["reach"] in _ALIVE}
    for node in _confirmed(arguments):
        if node in heard:
            way_out = "stop the service there; --force takes what it holds all the same"
            raise ActionRefused(f"--confirm-down {node}: {node} is heard, it is not down; {way_out}")


def _confirmed(arguments: Any) -> list[str]:
    return [node.strip().lower() for node in arguments.confirm_down]


def _known(session: Any, client: Client) -> tuple[list[str], Any]:
    """The services that are meant, and the cluster's document. One that was made a moment ago is waited for: the daemon reads its file."""
    until = time.monotonic() + _NEWS
    while True:
        document = client.get("/v1/status")
        services = _services(session, document)
        if all(service in document["services"] for service in services) or time.monotonic() > until:
            return services, document
        time.sleep(_PAUSE)


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
    able = [node for node in found.get("nodes", ()) if node not in here and nodes.get(node, {}).get("reach") in _ALIVE]
    return sorted(able, key=lambda node: bool(nodes[node].get("frozen")))[:1]


def _serving(document: Any, service: str) -> list[str]:
    """The nodes that have something of it up."""
    found = document["services"].get(service, {}).get("instances", {})
    return [node for node, one in found.items() if one.get("avail") in _UP]


def _services(session: Any, document: Any) -> list[str]:
    """The services that are meant, for commands of old those that are up, or down, here. Raises NoSuchObject."""
    found = named(session, document)
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
