"""Metrics: the cluster document and the monitor's counters in the text format of Prometheus (its exposition formats, 0.0.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from opensvc_daemon.heartbeat.lateness import cumulated

Counters = Mapping[str, int | Mapping[str, int]]
_PREFIX: Final = "opensvc_"
_STATES: Final = ("up", "down", "warn", "n/a", "undef", "stdby up", "stdby down")


class Sample(NamedTuple):
    """One value; `suffix` goes behind the metric's name."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


class Seen(NamedTuple):
    """What the values come from."""

    document: Mapping[str, Any]
    counters: Counters

    @property
    def me(self) -> str:
        """The node that tells."""
        return str(self.document.get("me", ""))

    @property
    def services(self) -> Mapping[str, Any]:
        """By path."""
        found: Mapping[str, Any] = self.document.get("services", {})
        return found

    @property
    def nodes(self) -> Mapping[str, Any]:
        """By name."""
        found: Mapping[str, Any] = self.document.get("nodes", {})
        return found


class Family(NamedTuple):
    """A metric: `name` without what all begin with, its kind and meaning for Prometheus, and where its values are found."""

    name: str
    kind: str
    text: str
    labels: tuple[str, ...]
    samples: Callable[[Seen], Iterable[Sample]]


def metrics(document: Mapping[str, Any], counters: Counters) -> str:
    """One page of metrics; a value that the document has not (yet) makes no line."""
    seen, lines = Seen(document, counters), list[str]()
    for family in FAMILIES:
        name = _PREFIX + family.name
        found = [f"{name}{one.suffix}{_labels(one.labels)} {one.value:.12g}" for one in family.samples(seen)]
        if found:
            lines += [f"# HELP {name} {family.text}", f"# TYPE {name} {family.kind}", *found]
    return "\n".join([*lines, ""])


def metrics_markdown() -> str:
    """All metrics, as a table for the documentation."""
    rows = (f"| `{_PREFIX}{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.text} |" for one in FAMILIES)
    return "\n".join(["| metric | kind | labels | |", "| --- | --- | --- | --- |", *rows])


def _instances(seen: Seen, key: str) -> Iterator[Sample]:
    for path, service in seen.services.items():
        for node, instance in service.get("instances", {}).items():
            value, labels = instance.get(key), {"service": path, "node": node}
            if isinstance(value, str):
                yield from (Sample({**labels, "status": state}, float(state == value)) for state in _STATES)
            elif isinstance(value, bool):
                yield Sample(labels, float(value))


def _services(seen: Seen) -> Iterator[Sample]:
    for path, service in seen.services.items():
        yield from (Sample({"service": path, "status": state}, float(state == service.get("avail"))) for state in _STATES)


def _numbers(things: Mapping[str, Any], label: str, key: str) -> list[Sample]:
    values = [(name, thing.get(key)) for name, thing in things.items()]
    return [Sample({label: name}, float(value)) for name, value in values if isinstance(value, int | float)]


def _beating(seen: Seen) -> Iterator[Sample]:
    yield from (Sample({"node": name}, float(node["reach"] == "beating")) for name, node in seen.nodes.items() if "reach" in node)


def _links(seen: Seen) -> Iterator[Sample]:
    for link, told in (seen.nodes.get(seen.me, {}).get("threads") or {}).items():
        yield from (Sample({"link": link, "peer": peer}, float(beats)) for peer, beats in (told.get("beating") or {}).items())


def _lateness(seen: Seen) -> Iterator[Sample]:
    """A histogram for each peer and link: its bounds are counted with all below them, as their format wants it."""
    for peer, node in seen.nodes.items():
        for link, told in (node.get("lateness") or {}).items():
            labels, buckets = {"peer": peer, "link": link}, cumulated(told)
            yield from (Sample({**labels, "le": bound}, count, "_bucket") for bound, count in buckets.items())
            yield from (Sample(labels, told["total"], "_sum"), Sample(labels, buckets["+Inf"], "_count"))


def _restarts(seen: Seen) -> Iterator[Sample]:
    for name, node in seen.nodes.items():
        for process, count in (node.get("daemon") or {}).get("restarts", {}).items():
            yield Sample({"node": name, "process": process}, float(count))


def _quorum(seen: Seen) -> Iterator[Sample]:
    has_quorum = seen.document.get("cluster", {}).get("quorum")
    if isinstance(has_quorum, bool):
        yield Sample({}, float(has_quorum))


def _counted(seen: Seen, key: str) -> Iterator[Sample]:
    value = seen.counters.get(key)
    if isinstance(value, Mapping):
        yield from (Sample({"node": seen.me, "of": of}, count) for of, count in value.items())
    elif value is not None:
        yield Sample({"node": seen.me}, value)


# All metrics: the page and the documentation are made of them.
FAMILIES: Final = (
    Family(
        "instance_status",
        "gauge",
        "1 for the status that an instance has.",
        ("service", "node", "status"),
        lambda seen: _instances(seen, "avail"),
    ),
    Family("instance_frozen", "gauge", "1 for a frozen instance.", ("service", "node"), lambda seen: _instances(seen, "frozen")),
    Family("service_status", "gauge", "1 for the availability that a service has.", ("service", "status"), _services),
    Family("service_running", "gauge", "Instances that run.", ("service",), lambda seen: _numbers(seen.services, "service", "running")),
    Family(
        "service_expected", "gauge", "Instances that are to run.", ("service",), lambda seen: _numbers(seen.services, "service", "expected")
    ),
    Family(
        "node_reach_seconds",
        "gauge",
        "For how long a node has been heard as it is now.",
        ("node",),
        lambda seen: _numbers(seen.nodes, "node", "reach_seconds"),
    ),
    Family("node_beating", "gauge", "1 for a node that is heard, and hears us.", ("node",), _beating),
    Family("link_beating", "gauge", "1 for a heartbeat of this node on which a peer beats.", ("link", "peer"), _links),
    Family("node_load", "gauge", "The load of a node.", ("node",), lambda seen: _numbers(seen.nodes, "node", "load")),
    Family("daemon_restarts_total", "counter", "Processes of the daemon that were started again.", ("node", "process"), _restarts),
    Family("quorum", "gauge", "1 where this node is with the majority.", (), _quorum),
    Family("decisions_total", "counter", "Decisions since the monitor began.", ("node",), lambda seen: _counted(seen, "decisions")),
    Family("orders_total", "counter", "Orders of decisions since the monitor began.", ("node",), lambda seen: _counted(seen, "orders")),
    Family(
        "actions_done_total",
        "counter",
        "Actions that the daemon has done since the monitor began, by their word.",
        ("node", "of"),
        lambda seen: _counted(seen, "actions_done"),
    ),
    Family(
        "actions_failed_total", "counter", "The same of those that failed.", ("node", "of"), lambda seen: _counted(seen, "actions_failed")
    ),
    Family("heartbeat_lateness_seconds", "histogram", "How long after they were due beats have come.", ("peer", "link"), _lateness),
)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
