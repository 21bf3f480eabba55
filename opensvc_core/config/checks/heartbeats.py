"""Heartbeats that nobody answers."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding, did_you_mean
from opensvc_core.config.orchestration import manager_of
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.errors import ConfigError


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
