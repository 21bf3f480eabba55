"""`om mon` and the matrix of `svcmon`: the cluster as one node sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from opensvc_daemon.rendering import cells
from opensvc_daemon.rendering.page import Cell, Form, Paint, Row, Section, page, words
from opensvc_daemon.rendering.words import Data

_PLAIN_THREADS: Final = ("listener", "monitor", "scheduler")
# Reasons that a person has to do something about, by the codes of orchestration/reasons.py.
ALARMING: Final = ("guard.none", "split", "split.freeze", "fence.failed", "fence.unable", "quorum.missing", "service.dirty")


def monitor(document: Data, paint: Paint, *, width: int = 0, selector: str = "") -> str:
    """`om mon`: threads, arbitrators, nodes and services, then a line for each thing that a person has to see to."""
    nodes = _nodes(document)
    threads = [*_heartbeats(document, nodes)] if len(nodes) > 1 else []
    sections = [
        Section("Threads", [Row("daemon", cells.state("running"), cells={}), *threads, *_threads(document)], 1),
        *_arbitrators(document, nodes),
        Section("Nodes", list(_health(document, nodes)), 1),
        Section("*/svc/*", list(_services(document, nodes, selector))),
    ]
    return "\n\n".join([page(sections, nodes, Form(), paint, width=width), *_alarms(document, paint, selector)])


def matrix(document: Data, paint: Paint, *, width: int = 0) -> str:
    """`svcmon`: threads, nodes and services, as the 1.9 generation shows them."""
    nodes = _nodes(document)
    sections = [
        Section("Threads", [_older(row) for row in (*_heartbeats(document, nodes), *_threads(document))]),
        *_arbitrators(document, nodes),
        Section("Nodes", [Row("15m", cells=_loads(document, nodes, 2)), Row("state", cells=_states(document, nodes))]),
        Section("Services", list(_services(document, nodes, ""))),
    ]
    return page(sections, nodes, Form(detail=0), paint, width=width)


def _older(row: Row) -> Row:
    """Any address is written in the older way."""
    host, _, port = row.detail.rpartition(":")
    return row._replace(detail=f"0.0.0.0:{port}") if port and host in ("", "[::]") else row


def _nodes(document: Data) -> list[str]:
    return list(dict.fromkeys([*document.get("cluster", {}).get("nodes", ()), *document.get("nodes", {})]))


def _own(document: Data) -> Data:
    found: Data = document.get("nodes", {}).get(document.get("me", ""), {})
    return found


def _is_me(document: Data, node: str) -> bool:
    return node == document.get("me")


def _heartbeats(document: Data, nodes: Sequence[str]) -> Iterator[Row]:
    threads: Data = _own(document).get("threads", {})
    for name in sorted((name for name in threads if name.startswith("hb#")), key=_in_order):
        heard = threads[name].get("beating", {})
        found: dict[str, Cell] = {node: cells.answers(heard[node]) if node in heard else cells.NOT_APPLICABLE for node in nodes}
        detail = threads[name].get("detail", "") if name.endswith(".rx") else ""  # where it listens; it sends from anywhere
        yield Row(name, cells.state(threads[name].get("state", "")), detail, found)


def _in_order(name: str) -> tuple[int, str, str]:
    """`hb#2.rx` before `hb#10.rx`."""
    number, _, direction = name.removeprefix("hb#").partition(".")
    return (int(number) if number.isdecimal() else 0), number, direction


def _threads(document: Data) -> Iterator[Row]:
    threads: Data = _own(document).get("threads", {})
    for name in _PLAIN_THREADS:
        thread = threads.get(name, {})  # those that the monitor does not tell of live in it: it has made the document
        yield Row(name, cells.state(thread.get("state", "running")), thread.get("detail", ""))


def _arbitrators(document: Data, nodes: Sequence[str]) -> Iterator[Section]:
    known = {node: data.get("arbitrators") or {} for node, data in document.get("nodes", {}).items()}
    names = sorted({name for found in known.values() for name in found})
    if names:
        rows = []
        for name in names:
            votes = {node: cells.answers(known[node][name].get("answering")) for node in nodes if name in known.get(node, {})}
            rows.append(Row(name, cells={node: votes.get(node, cells.NOT_APPLICABLE) for node in nodes}))
        yield Section("Arbitrators", rows, 1)


def _health(document: Data, nodes: Sequence[str]) -> Iterator[Row]:
    data = {node: document.get("nodes", {}).get(node, {}) for node in nodes}
    heard = {node: data[node] if cells.is_reached(data[node], is_me=_is_me(document, node)) else {} for node in nodes}
    yield Row(" score", cells={node: words(str(found["score"])) for node, found in heard.items() if "score" in found})
    yield Row("  load 15m", cells=_loads(document, nodes, 1))
    yield Row("  mem", cells={node: cells.memory(found.get("mem")) for node, found in heard.items() if found})
    yield Row("  swap", cells={node: cells.memory(found.get("swap")) for node, found in heard.items() if found})
    yield Row(" state", cells=_states(document, nodes))


def _loads(document: Data, nodes: Sequence[str], digits: int) -> dict[str, Cell]:
    known = {node: document.get("nodes", {}).get(node, {}) for node in nodes}
    return {
        node: words(f"{data['load']:.{digits}f}")
        for node, data in known.items()
        if "load" in data and cells.is_reached(data, is_me=_is_me(document, node))
    }


def _states(document: Data, nodes: Sequence[str]) -> dict[str, Cell]:
    return {node: cells.node_state(document.get("nodes", {}).get(node, {}), is_me=_is_me(document, node)) for node in nodes}


def _services(document: Data, nodes: Sequence[str], selector: str) -> Iterator[Row]:
    for path, service in sorted(document.get("services", {}).items()):
        if selector and not any(fnmatchcase(path, word) or fnmatchcase(f"root/svc/{path}", word) for word in selector.split(",")):
            continue
        known = document.get("nodes", {})
        found = {node: cells.instance(service, node, known.get(node, {}), is_me=_is_me(document, node)) for node in nodes}
        yield Row(path, cells.service_state(service), cells.orchestration(service), found)


def _alarms(document: Data, paint: Paint, selector: str) -> Iterator[str]:
    """What a person has to do something about, a line each."""
    lines = []
    for path, service in sorted(document.get("services", {}).items()):
        if selector and not any(fnmatchcase(path, word) for word in selector.split(",")):
            continue
        told = [message for instance in service.get("instances", {}).values() for message in instance.get("messages", ())]
        told += [reason["text"] for reason in service.get("reasons", ()) if reason.get("code") in ALARMING]
        lines += [f" {path}: {text}" for text in told]
    if lines:
        yield "\n".join(paint(line, "yellow") for line in dict.fromkeys(lines))
