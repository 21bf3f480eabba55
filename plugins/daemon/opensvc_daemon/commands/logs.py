"""logs: what all nodes of the cluster did with a service."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.errors import OpensvcError, UsageError
from opensvc_daemon.commands.reaching import place, reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensvc_daemon.client import Client

# As many as the API gives: of a story, the same time of each node has to be there.
_ALL: Final = 10000


def take(session: Any, arguments: Any) -> int | None:
    """Have the core show the lines of all nodes that have the service, in the order of time; with -f those that follow."""
    client = None if arguments.local else reach(session)
    if client is None:
        return None
    services = [str(service.path) for service in session.node.services(session.selector)]
    if arguments.follow and len(services) != 1:
        raise UsageError("--follow follows the log of one service")
    document = client.get("/v1/status")
    session.lines = (
        line
        for service in services
        for line in (_following if arguments.follow else _merged)(session, client, service, _nodes(document, service), arguments.lines)
    )
    return None


def _nodes(document: Any, service: str) -> list[str]:
    """The nodes that have an instance and can be asked."""
    found = document["services"].get(service, {}).get("instances", {document["me"]: {}})
    return [node for node in found if node == document["me"] or document["nodes"].get(node, {}).get("reach") in ("beating", "heard")]


def _merged(session: Any, client: Client, service: str, nodes: list[str], count: int | None) -> Iterator[str]:
    lines: list[str] = []
    refused: list[tuple[str, OpensvcError]] = []
    for node in nodes:
        try:
            lines += _lines(client, service, node, lines=_ALL if count is None else count)
        except OpensvcError as error:
            refused.append((node, error))
    _tell(session, refused, is_all=len(refused) == len(nodes))
    lines.sort(key=lambda line: line.partition(" ")[0])  # a line begins with its moment
    yield from lines if count is None else lines[len(lines) - min(count, len(lines)) :]


def _lines(client: Client, service: str, node: str, **how: Any) -> Iterator[str]:
    for one in client.stream(f"{place(service)}/log", node=node, **how):
        yield one["line"]


def _tell(session: Any, refused: list[tuple[str, OpensvcError]], *, is_all: bool) -> None:
    """A node that can't be asked is told, and is no reason to hide the others. Raises what was said where nobody else is left."""
    if refused and is_all:
        raise refused[-1][1]
    for node, error in refused:
        print(f"{session.program}: the log of {node}: {error}", file=session.stderr, flush=True)


def _following(session: Any, client: Client, service: str, nodes: list[str], count: int | None) -> Iterator[str]:
    """A reader for each node: lines come when they come."""
    lines: queue.SimpleQueue[str | tuple[str, OpensvcError | None]] = queue.SimpleQueue()

    def read(node: str) -> None:
        end = None
        try:
            for line in _lines(client, service, node, follow=1, lines=count):
                lines.put(line)
        except OpensvcError as error:
            end = error
        lines.put((node, end))

    for node in nodes:
        threading.Thread(target=read, args=(node,), daemon=True).start()
    ends: list[OpensvcError | None] = []
    while len(ends) < len(nodes):
        line = lines.get()
        if isinstance(line, str):
            yield line
            continue
        node, error = line
        ends.append(error)
        if error:
            _tell(session, [(node, error)], is_all=len(ends) == len(nodes) and None not in ends)
