"""What the members rely on beside the heartbeats: the secret, the arbitrators, the fence agents, the watchdog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from opensvc_core.config.arbitration import ArbitratorKeywords
from opensvc_core.config.checks.report import Report
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Finding, did_you_mean
from opensvc_core.config.service import ServiceConfig
from opensvc_core.config.vocabulary import NodeKeywords
from opensvc_core.errors import ActionRefused, ConfigError

# Bytes of a secret that the daemon uses at all: what is shorter is guessed.
_SHORTEST: Final = 16
_WAY_OUT: Final = "leave it out, and 32 random hexadecimal digits are made; 'om cluster rotate-secret' replaces one that is in use"


def of_cluster(config: ServiceConfig, report: Report) -> Iterator[Finding]:
    """A finding for each of them that the daemon could not use."""
    for key in ("secret", "next_secret"):
        yield from _secret(config, report, "cluster", key)
    for name in config.document.sections():
        group = name.partition("#")[0]
        if group == "arbitrator":
            yield from _secret(config, report, name, "secret")
            yield from _arbitrator(config, report, name)
        elif group == "stonith":
            yield from _target(config, report, name)
    yield from _watchdogs(config, report)


def refuse_loss(before: Document, after: Document) -> None:
    """Raise ActionRefused where a person takes the secret out of a cluster.conf that names several members.

    This node would make one of its own, and the others would hear it no more.
    """
    several = len((before.get("cluster", "nodes") or "").split()) > 1
    if several and before.get("cluster", "secret") and not after.get("cluster", "secret"):
        raise ActionRefused(
            "cluster.secret: without it the other members would hear this node no more; 'om cluster rotate-secret' puts another in its "
            "place, 'om daemon leave' takes this node out of the cluster"
        )


def _secret(config: ServiceConfig, report: Report, section: str, key: str) -> Iterator[Finding]:
    if not config.document.get(section, key):
        return
    with_value = _text(config, section, key)
    if re.fullmatch("(?:[0-9a-fA-F]{2}){16,}", with_value):
        return
    if len(with_value.encode()) < _SHORTEST:
        yield report.error("weak-secret", f"a secret of fewer than {_SHORTEST} characters can be guessed", section, key, hint=_WAY_OUT)
    else:
        yield report.warning("weak-secret", "a secret that is not random can be guessed", section, key, hint=_WAY_OUT)


def _arbitrator(config: ServiceConfig, report: Report, section: str) -> Iterator[Finding]:
    try:
        said = ArbitratorKeywords(config.values(section, ArbitratorKeywords))
        ready = float(config.value("node", NodeKeywords.ready_period))
    except ConfigError:
        return  # told with the value that is wrong
    try:
        said.place()
    except ValueError as error:
        if "@" in "".join(config.document.keys(section)) and not _text(config, section, "uri"):
            return  # other nodes ask it
        yield report.error("bad-value", str(error).removeprefix("uri: "), section, "uri" if config.document.get(section, "uri") else "")
    if finding := said.finding(ready):
        key, _, text = finding.partition(": ")
        # cluster.conf alone does not tell the ready_period of a node.conf
        told = report.error if key == "weight" or config.document.get("node", "ready_period") else report.warning
        yield told("bad-value", text, section, key, hint=f"take {key} out for the default" if key == "timeout" else "")


def _target(config: ServiceConfig, report: Report, section: str) -> Iterator[Finding]:
    members = [*_text(config, "cluster", "nodes").lower().split(), *_text(config, "cluster", "drpnodes").lower().split()]
    target = section.partition("#")[2].lower()
    if members and target not in members:
        hint = did_you_mean(target, members) or f"the members are {', '.join(members)}"
        yield report.warning("unknown-node", f"{target!r} is no member of the cluster", section, hint=hint)


def _watchdogs(config: ServiceConfig, report: Report) -> Iterator[Finding]:
    first, *others = [name for name in config.document.sections() if name.partition("#")[0] == "watchdog"] or [""]
    for name in others:
        hint = f"take one of them out; where nodes differ, '[{first}]' may have keys with a scope, as 'dev@n1'"
        yield report.warning("unused-section", f"a node has one watchdog, that of [{first}]: this one is not used", name, hint=hint)


def _text(config: ServiceConfig, section: str, key: str) -> str:
    try:
        return config.text(section, key) or ""
    except ConfigError:
        return ""
