"""Heartbeats that nobody answers."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding, did_you_mean
from opensvc_core.config.orchestration import MONITOR_ACTIONS, manager_of
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.errors import ConfigError

# What may follow where a cluster manager has the service.
_OF_A_MANAGER = ("freezestop", "none")


def of_service(config: ServiceConfig, report: Report) -> Iterator[Finding]:
    """A finding for each heartbeat of a service that has one node, and for what an external cluster manager makes void."""
    heartbeats = [name for name in config.document.sections() if name.startswith("hb#")]
    nodes = {*_words(config, DEFAULT, "nodes"), *_words(config, DEFAULT, "drpnodes")} or {config.world.node}
    for name in heartbeats:
        if len(nodes) < 2:
            text = f"a heartbeat has no peer: the service is on {', '.join(nodes)} alone"
            yield report.warning("no-peer", text, name, hint="name the other node in 'nodes', or take the heartbeat out")
    if manager_of(config.document) and config.document.get(DEFAULT, "autostart_node") is not None:
        text = "the cluster manager alone starts a service with an OpenHA heartbeat, so this is ignored"
        yield report.warning("ignored-keyword", text, DEFAULT, "autostart_node", hint="take it out")
    yield from _monitoring(config, report)


def _monitoring(config: ServiceConfig, report: Report) -> Iterator[Finding]:
    """What an external cluster manager makes of the keywords of monitoring, and what these are for without one."""
    keys = [(key, key.partition("@")[0]) for key in config.document.keys(DEFAULT)]
    if not manager_of(config.document):
        for key in (key for key, name in keys if name == "monitor_schedule"):
            text = "only services of a cluster manager are monitored by schedule, the daemon sees to all others at once: this has no effect"
            yield report.warning("no-effect", text, DEFAULT, key, hint="it may be taken out")
        return
    for key in (key for key, name in keys if name == "monitor_action"):
        words = (config.document.get(DEFAULT, key) or "").lower().split()
        if other := [word for word in words if word in MONITOR_ACTIONS and word not in _OF_A_MANAGER]:
            text = f"not {' nor '.join(other)}: where a monitored resource stays down, the cluster manager is asked for a freeze-stop"
            yield report.warning("ignored-keyword", text, DEFAULT, key, hint="'freezestop' says so, 'none' leaves the service where it is")


def of_cluster(config: ServiceConfig, report: Report) -> Iterator[Finding]:
    """A finding for each heartbeat whose own list of nodes leaves it without a peer, or has a node that is no member."""
    members = _words(config, "cluster", "nodes")
    for name in config.document.sections():
        if not name.startswith("hb#") or config.document.get(name, "nodes") is None:
            continue
        nodes = _words(config, name, "nodes")
        if len(nodes) == 1:
            text = f"a heartbeat has no peer: it is for {nodes[0]} alone"
            yield report.warning("no-peer", text, name, "nodes", hint="name two nodes at least, or leave 'nodes' out for all of them")
        for node in nodes:
            if members and node not in members:
                hint = did_you_mean(node, members) or f"the members are {', '.join(members)}"
                yield report.warning("unknown-node", f"{node!r} is no member of the cluster", name, "nodes", hint=hint)


def _words(config: ServiceConfig, section: str, key: str) -> list[str]:
    try:
        return list(dict.fromkeys((config.text(section, key) or "").lower().split()))
    except ConfigError:
        return []
