"""Validation: everything that is wrong or doubtful in a service's file, as findings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from opensvc_core.config.checks import claims, guards, heartbeats, needs, trust
from opensvc_core.config.checks.references import References
from opensvc_core.config.checks.report import Report
from opensvc_core.config.checks.wording import GUARDS, Wording
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Finding, did_you_mean
from opensvc_core.config.sections import FREE, Section, is_resource
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.config.vocabulary import HOST_OTHERS, HOST_SECTIONS, ServiceKeywords, SubsetKeywords
from opensvc_core.errors import ConfigError

# Sections whose words belong to the scheduler of older agents.
SCHEDULED = frozenset({"checks", "packages", "patches", "asset", "disks", "stats", "stats_collection", "sysreport", "compliance"})


# In a file with more sections than this, an edit is compared with the sections that it touches, not with all of them.
_MANY = 1000


def validate(config: ServiceConfig, implied: Sequence[Section] = (), only: Collection[str] | None = None) -> list[Finding]:
    """The findings of a file, in the order of its lines. Runs no command, asks no device.

    `implied` are resources that the service has without a section: `[DEFAULT]`, or a section of their name, may hold their keywords.
    A section that has the name of one that stands beside another describes that one.
    `only` are the sections to look at, where the others are known to be as they were; None: all.
    """
    return sorted(_of_service(config, implied, only), key=lambda finding: finding.line)


def validate_node(config: ServiceConfig) -> list[Finding]:
    """The findings of node.conf or cluster.conf: their own sections are known, those of other parts are taken as they are."""
    return sorted(_of_node(config), key=lambda finding: finding.line)


def fixed(config: ServiceConfig) -> Document:
    """The document with what is safe to mend mended: older names of keywords replaced by those of today, all else as it was.

    An older name stays where its successor stands beside it, and where the successor means more than a name.
    """
    document = config.document
    for section in config.document.sections():
        aliases = _aliases(config, section)
        for key in config.document.keys(section):
            name, mark, scope = key.partition("@")
            today = f"{aliases.get(name, '')}{mark}{scope}"
            if name in aliases and document.get(section, today) is None:
                document = document.rename(section, key, today)
    return document


def _of_service(config: ServiceConfig, implied: Sequence[Section], only: Collection[str] | None) -> Iterator[Finding]:
    report = Report(config.document)
    wording, references = Wording(config, report), References(config, report)
    sections = [name for name in config.document.sections() if only is None or name in only]
    beside = [one for one in implied if one.beside]
    resources = {section.rid: section for section in (*implied, *_resources(config, sections), *beside)}
    for name in sections:
        if name in resources:
            yield from wording.resource(resources[name])
        elif name == DEFAULT:
            yield from wording.keys(name, ServiceKeywords, wording.inheritable(resources.values()))
        elif name.startswith("subset#"):
            yield from wording.keys(name, SubsetKeywords, {})
        elif name not in FREE and not is_resource(name):
            yield wording.unknown_section(name)
        yield from references.findings(name)
    yield from wording.doubtful(sections)
    everything = config.document.sections()
    compared = list(filter(is_resource, everything if len(everything) <= _MANY else sections))
    everywhere = claims.taken_everywhere(config, compared)
    yield from claims.used_twice(config, report, everywhere)
    yield from claims.covered(report, everywhere)
    yield from needs.circles(config, report, compared, everywhere[config.world.node])
    yield from needs.unknown_rids(config, report, sections, implied)
    yield from heartbeats.of_service(config, report)
    if DEFAULT in sections:
        yield from guards.missing(config, report)


def _of_node(config: ServiceConfig) -> Iterator[Finding]:
    report = Report(config.document)
    wording, references = Wording(config, report), References(config, report)
    for name in config.document.sections():
        group = name.partition("#")[0]
        declares = config.host_section(name)
        if group == "hb" and is_resource(name):
            for section in _resources(config, [name]):
                yield from wording.heartbeat(section)
        elif group in GUARDS:
            yield from wording.guard(name)
        elif declares:
            yield from wording.keys(name, declares, {})
            yield from wording.missing(name, declares)
        elif group not in HOST_OTHERS | SCHEDULED:
            known = [*HOST_SECTIONS, *HOST_OTHERS, *config.world.sections()]
            hint = config.world.way_in("section", group) or did_you_mean(group, known)
            yield report.warning("unknown-section", "no section of this file", name, hint=hint)
        yield from references.findings(name)
    yield from wording.doubtful(config.document.sections())
    yield from heartbeats.of_cluster(config, report)
    yield from trust.of_cluster(config, report)


def _resources(config: ServiceConfig, sections: Sequence[str]) -> Iterator[Section]:
    """The resources, as far as their types can be evaluated; one that can't is found with the references."""
    for rid in filter(is_resource, sections):
        try:
            yield config.resource(rid)
        except ConfigError:
            continue


def _aliases(config: ServiceConfig, section: str) -> dict[str, str]:
    if section in HOST_SECTIONS:
        return dict(HOST_SECTIONS[section].aliases())
    try:
        declared = config.declared(section)
    except ConfigError:
        return {}
    return {alias: keyword.name for keyword in declared.values() for alias in keyword.aliases}
