"""Nodes: frozen and thawed, emptied, listed, brought down in order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.errors import ActionFailed, NoSuchObject
from opensvc_daemon.commands.reaching import needed, reach

if TYPE_CHECKING:
    from opensvc_daemon.client import Client

_PAUSE: Final = 0.2
# What systemd gives to the services when the node goes down, and a little less.
_SHUTDOWN: Final = 1140.0


def take(session: Any, arguments: Any) -> int | None:
    """freeze, thaw, ls, shutdown of the core."""
    client = None if arguments.local else reach(session)
    if client is None:
        return None
    if session.verb == "ls":
        return _list(session, arguments, client)
    if session.verb == "shutdown":
        return _shut_down(session, client)
    return _ask(session, arguments, client)


def run(session: Any, arguments: Any) -> int:
    """Tell the daemon of each node; with --wait `drain` returns when only frozen services are up there."""
    client = needed(session)
    code = _ask(session, arguments, client)
    if session.verb == "drain" and (arguments.wait or arguments.time is not None):
        return max([code, *(_drained(session, client, node, arguments.time) for node in _names(session, arguments, client))])
    return code


def _ask(session: Any, arguments: Any, client: Client) -> int:
    for node in _names(session, arguments, client):
        client.post("/v1/node", {"do": session.verb, "node": node})
    return 0


def _names(session: Any, arguments: Any, client: Client) -> list[str]:
    """The nodes that are meant: this one, or those that --node names. Raises NoSuchObject for one that is no member."""
    wanted = arguments.node or arguments.more.get("node") or ""
    if not wanted:
        return [session.nodename]
    from fnmatch import fnmatchcase  # noqa: PLC0415

    members = list(client.get("/v1/status")["nodes"])
    found = []
    for word in wanted.lower().replace(",", " ").split():
        matching = [node for node in members if fnmatchcase(node, word)]
        if not matching:
            raise NoSuchObject(f"{word!r} is no member of the cluster; there are {', '.join(members)}")
        found += matching
    return list(dict.fromkeys(found))


def _list(session: Any, arguments: Any, client: Client) -> int:
    document = client.get("/v1/status")
    nodes = list(dict.fromkeys([*document["cluster"].get("nodes", ()), *document["nodes"]]))  # in the order of cluster.conf
    if arguments.format == "json":
        session.print_json(nodes=nodes)
    else:
        print("\n".join(nodes), file=session.stdout)
    return 0


def _drained(session: Any, client: Client, node: str, limit: float | None) -> int:
    until = time.monotonic() + limit if limit is not None else float("inf")
    while time.monotonic() < until:
        instances = [one["instances"].get(node, {}) for one in client.get("/v1/status")["services"].values()]
        if not any(one.get("avail") in ("up", "warn") and not one.get("frozen") for one in instances):  # what is frozen stays
            return 0
        time.sleep(_PAUSE)
    print(f"{session.program}: {node} is not empty yet; it goes on", file=session.stderr)
    return 1


def _shut_down(session: Any, client: Client) -> int:
    """The node goes down: its services stop in the cluster's order, the daemon says so to its peers, and ends."""
    from opensvc_daemon.supervision.record import Record  # noqa: PLC0415

    record = Record(str(session.paths.run))
    client.post("/v1/daemon", {"do": "shutdown"})
    until = time.monotonic() + _SHUTDOWN
    while record.is_taken():
        if time.monotonic() > until:
            raise ActionFailed(f"the services did not stop within {_SHUTDOWN:.0f} s; 'om mon' shows which")
        time.sleep(_PAUSE)
    return 0
