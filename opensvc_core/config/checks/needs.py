"""Needs: what a resource asks of others: the states in `*_requires`, and the order that references and paths make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from opensvc_core.config.checks.claims import Taken, above, mounts_by_path
from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding, did_you_mean
from opensvc_core.config.sections import Section, group_of, is_resource
from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import ConfigError
from opensvc_core.model.requirements import IMPOSSIBLE, parse

# Resources that another node may have without a section, where a fact implies them, and what no node has.
_IMPLICIT = frozenset({"app", "sync#i0", IMPOSSIBLE})


def unknown_rids(config: ServiceConfig, report: Report, sections: Sequence[str], implied: Iterable[Section] = ()) -> Iterator[Finding]:
    """A finding for each rid in a `*_requires` keyword that is neither a section's nor implied: the action could never be done."""
    known = {*filter(is_resource, config.document.sections()), *(one.rid for one in implied)}
    for section in sections:
        for key in config.document.keys(section):
            if not key.partition("@")[0].endswith("_requires"):
                continue
            for rid in _required(config, section, key):
                if rid not in known and rid not in _IMPLICIT:
                    hint = did_you_mean(rid, known) or f"the resources are {', '.join(sorted(known)) or 'none'}"
                    yield report.error("unknown-rid", f"no resource {rid!r} in this service", section, key, hint=hint)


def circles(config: ServiceConfig, report: Report, rids: Sequence[str], all_taken: Iterable[Taken]) -> Iterator[Finding]:
    """A finding for resources of one group that need each other, so that none can be the first to start."""
    needs = {rid: {other for other in config.refers_to(rid) if group_of(other) == group_of(rid)} for rid in rids}
    mounts = mounts_by_path(all_taken)
    for one in (taken for all_there in mounts.values() for taken in all_there):
        needs[one.rid].update(other.rid for other in above(one, mounts) if one.group == other.group)
    circle = _circle(needs)
    if circle:
        way = " → ".join([*circle, circle[0]])
        text = f"{way}: they need each other by references or paths, so that none can be the first to start"
        yield report.error("circular-need", text, circle[0], hint="take one of the references out")


def _circle(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Resources of which each needs the next, and the last one the first; empty where there are none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        way: list[str] = error.args[1][:0:-1]
        first = way.index(min(way))
        return [*way[first:], *way[:first]]
    return []


def _required(config: ServiceConfig, section: str, key: str) -> list[str]:
    try:
        return [one.rid for one in parse(config.seen(section, key))]
    except (ConfigError, ValueError):
        return []  # found by another check
