"""Metrics: the cluster document and the monitor's counters in the text format of Prometheus (its exposition formats, 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Sample = tuple[Mapping[str, str], float]
_STATES: Final = ("up", "down", "warn", "n/a", "undef", "stdby up", "stdby down")


def metrics(document: Mapping[str, Any], counters: Mapping[str, int | Mapping[str, int]]) -> str:
    """One page of metrics; a value that the document has not (yet) makes no line."""
    me = str(document.get("me", ""))
    lines: list[str] = []
    for name, kind, text, samples in _families(document, counters, me):
        found = [f"opensvc_{name}{_labels(labels)} {value:g}" for labels, value in samples]
        if found:
            lines += [f"# HELP opensvc_{name} {text}", f"# TYPE opensvc_{name} {kind}", *found]
    return "\n".join([*lines, ""])


def _families(
    document: Mapping[str, Any], counters: Mapping[str, int | Mapping[str, int]], me: str
) -> Iterator[tuple[str, str, str, list[Sample]]]:
    services, nodes = document.get("services", {}), document.get("nodes", {})
    yield "instance_status", "gauge", "1 for the status that an instance has.", list(_instances(services, "avail"))
    yield "instance_frozen", "gauge", "1 for a frozen instance.", list(_instances(services, "frozen"))
    yield "service_status", "gauge", "1 for the availability that a service has.", list(_services(services))
    yield "service_running", "gauge", "Instances that run.", _numbers(services, "service", "running")
    yield "service_expected", "gauge", "Instances that are to run.", _numbers(services, "service", "expected")
    yield "node_reach_seconds", "gauge", "For how long a node has been heard as it is now.", _numbers(nodes, "node", "reach_seconds")
    yield "node_beating", "gauge", "1 for a node that is heard, and hears us.", list(_beating(nodes))
    yield "link_beating", "gauge", "1 for a heartbeat of this node on which a peer beats.", list(_links(nodes.get(me, {})))
    yield "node_load", "gauge", "The load of a node.", _numbers(nodes, "node", "load")
    yield "daemon_restarts_total", "counter", "Processes of the daemon that were started again.", list(_restarts(nodes))
    yield "quorum", "gauge", "1 where this node is with the majority.", _quorum(document)
    for name, value in counters.items():
        samples: list[Sample] = (
            [({"node": me}, value)] if not isinstance(value, Mapping) else [({"node": me, "of": of}, count) for of, count in value.items()]
        )
        yield f"{name}_total", "counter", f"{name.replace('_', ' ').capitalize()} since the monitor began.", samples


def _instances(services: Mapping[str, Any], key: str) -> Iterator[Sample]:
    for path, service in services.items():
        for node, instance in service.get("instances", {}).items():
            value = instance.get(key)
            if isinstance(value, str):
                yield from (({"service": path, "node": node, "status": state}, float(state == value)) for state in _STATES)
            elif isinstance(value, bool):
                yield {"service": path, "node": node}, float(value)


def _services(services: Mapping[str, Any]) -> Iterator[Sample]:
    for path, service in services.items():
        yield from (({"service": path, "status": state}, float(state == service.get("avail"))) for state in _STATES)


def _numbers(things: Mapping[str, Any], label: str, key: str) -> list[Sample]:
    values = [(name, thing.get(key)) for name, thing in things.items()]
    return [({label: name}, float(value)) for name, value in values if isinstance(value, int | float)]


def _beating(nodes: Mapping[str, Any]) -> Iterator[Sample]:
    yield from (({"node": name}, float(node["reach"] == "beating")) for name, node in nodes.items() if "reach" in node)


def _links(node: Mapping[str, Any]) -> Iterator[Sample]:
    for link, told in (node.get("threads") or {}).items():
        yield from (({"link": link, "peer": peer}, float(beats)) for peer, beats in (told.get("beating") or {}).items())


def _restarts(nodes: Mapping[str, Any]) -> Iterator[Sample]:
    for name, node in nodes.items():
        for process, count in (node.get("daemon") or {}).get("restarts", {}).items():
            yield {"node": name, "process": process}, float(count)


def _quorum(document: Mapping[str, Any]) -> list[Sample]:
    has_quorum = document.get("cluster", {}).get("quorum")
    return [({}, float(has_quorum))] if isinstance(has_quorum, bool) else []


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
