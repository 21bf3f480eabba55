"""Validation: everything that is wrong or doubtful in a service's file, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opensvc_core.config.findings import Finding, Severity, did_you_mean
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.sections import FREE, GROUPS, OLDER_DISKS, Section, is_resource
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.config.vocabulary import (
    ClusterKeywords,
    HeartbeatKeywords,
    NodeKeywords,
    ResourceKeywords,
    ServiceKeywords,
    SubsetKeywords,
)
from opensvc_core.errors import ConfigError, DriverUnavailable

NODE_SECTIONS: dict[str, type[Declares]] = {"node": NodeKeywords, "cluster": ClusterKeywords, "hb": HeartbeatKeywords}
# Sections whose words belong to other parts: plugins, the daemon, the scheduler.
NODE_OTHERS = frozenset(
    {"env", "labels", "hook", "stonith", "arbitrator", "listener", "syslog", "reboot", "network", "pool", "array", "switch"}
)
SCHEDULED = frozenset({"checks", "packages", "patches", "asset", "disks", "stats", "stats_collection", "sysreport", "compliance"})


def validate(config: ServiceConfig) -> list[Finding]:
    """The findings of a file, in the order of its lines. Runs no command, asks no device."""
    return sorted(_Validation(config).findings(), key=lambda finding: finding.line)


def validate_node(config: ServiceConfig) -> list[Finding]:
    """The findings of node.conf or cluster.conf: their own sections are known, those of other parts are taken as they are."""
    return sorted(_Validation(config).node_findings(), key=lambda finding: finding.line)


class _Validation:
    def __init__(self, config: ServiceConfig) -> None:
        self._config, self._document = config, config.document

    def findings(self) -> Iterator[Finding]:
        resources = {section.rid: section for section in self._resources()}
        for name in self._document.sections():
            if name in resources:
                yield from self._resource(resources[name])
            elif name == DEFAULT:
                yield from self._keys(name, ServiceKeywords, self._inheritable(resources))
            elif name.startswith("subset#"):
                yield from self._keys(name, SubsetKeywords, {})
            elif name not in FREE:
                yield self._unknown_section(name)
            yield from self._references(name)
        yield from self._remarks()

    def node_findings(self) -> Iterator[Finding]:
        """The findings of a file of the node."""
        for name in self._document.sections():
            declares = NODE_SECTIONS.get(name.partition("#")[0])
            if declares:
                yield from self._keys(name, declares, {} if name in NODE_SECTIONS else None)
            elif name.partition("#")[0] not in NODE_OTHERS | SCHEDULED:
                hint = did_you_mean(name.partition("#")[0], [*NODE_SECTIONS, *NODE_OTHERS])
                yield self._finding(Severity.WARNING, "unknown-section", "no section of this file", name, hint=hint)
        yield from self._remarks()

    def _remarks(self) -> Iterator[Finding]:
        for remark in self._document.remarks():
            yield self._finding(Severity.WARNING, "doubtful-text", remark.text, remark.section, remark.key, line=remark.line)
        for section, key, line in self._document.duplicates():
            yield self._finding(Severity.WARNING, "duplicate-key", "given twice; the last one counts", section, key, line=line)

    def _resources(self) -> Iterator[Section]:
        try:
            yield from self._config.resources()
        except ConfigError:
            return  # a `type` that can't be evaluated is found with the references

    def _resource(self, section: Section) -> Iterator[Finding]:
        try:
            declared = self._config.driver(section)
        except DriverUnavailable as error:
            yield self._no_driver(section, str(error))
            yield from self._keys(section.rid, ResourceKeywords, None)
            return
        yield from self._keys(section.rid, ResourceKeywords, declared.keywords(), declared.aliases())
        for name, keyword in declared.keywords().items():
            if keyword.required and not keyword.provisioning and not self._config.gives(section.rid, keyword):
                yield self._finding(Severity.ERROR, "missing-keyword", f"{name} is required", section.rid, hint=keyword.text)
        if section.rid.partition("#")[0] in OLDER_DISKS:
            successor = f"[disk#{section.rid.partition('#')[2]}] with type = {section.driver}"
            yield self._finding(Severity.WARNING, "deprecated-section", "an older section", section.rid, hint=f"today {successor}")

    def _no_driver(self, section: Section, text: str) -> Finding:
        key = "type" if self._document.get(section.rid, "type") else ""
        return self._finding(Severity.ERROR, "unknown-driver", text, section.rid, key)

    def _unknown_section(self, name: str) -> Finding:
        prefix = name.partition("#")[0]
        hint = did_you_mean(prefix, [*GROUPS, *OLDER_DISKS, *FREE, DEFAULT, "subset"])
        if prefix in GROUPS:
            hint = f"a resource's section is [{prefix}#NAME]"
        return self._finding(Severity.WARNING, "unknown-section", "no section of a service", name, hint=hint)

    def _inheritable(self, resources: dict[str, Section]) -> dict[str, Keyword[Any]]:
        """What `[DEFAULT]` may hold beside its own words: keywords that the resources inherit."""
        found: dict[str, Keyword[Any]] = dict(ResourceKeywords.keywords())
        for section in resources.values():
            found.update(self._config.driver_keywords(section.rid))
        return {keyword.inherit: keyword for keyword in found.values() if keyword.inherit}

    def _keys(
        self, section: str, declares: type[Declares], more: Mapping[str, Keyword[Any]] | None, aliases: Mapping[str, str] | None = None
    ) -> Iterator[Finding]:
        """Findings about the keys of a section; `more` are keywords beside the class's, None: any word may be one."""
        known = {**declares.keywords(), **(more or {})}
        older = {**declares.aliases(), **(aliases or {})}
        for key in self._document.keys(section):
            name, _, scope = key.partition("@")
            keyword = known.get(older.get(name, name))
            if keyword is None:
                if more is not None:
                    hint = did_you_mean(name, known)
                    yield self._finding(
                        Severity.WARNING, "unknown-keyword", f"{section.partition('#')[0]} has no keyword {name!r}", section, key, hint=hint
                    )
                continue
            if name in older:
                yield self._finding(Severity.WARNING, "deprecated-keyword", "an older word", section, key, hint=f"today {older[name]!r}")
            if scope and not keyword.scopable:
                yield self._finding(
                    Severity.ERROR, "not-scopable", f"{keyword.name} is the same on all nodes; '@{scope}' is not allowed", section, key
                )
            yield from self._value(section, key, keyword)

    def _value(self, section: str, key: str, keyword: Keyword[Any]) -> Iterator[Finding]:
        try:
            self._config.check(section, key, keyword)
        except ConfigError as error:
            yield self._finding(Severity.ERROR, "bad-value", error.text, section, key)

    def _references(self, section: str) -> Iterator[Finding]:
        for key in self._document.keys(section):
            try:
                for name in self._config.unresolved(section, key):
                    text = f"the reference {{{name}}} names nothing"
                    yield self._finding(
                        Severity.ERROR if self._is_meant(name) else Severity.WARNING, "dangling-reference", text, section, key
                    )
            except ConfigError as error:
                if section in FREE or not self._is_declared(section, key):
                    yield self._finding(Severity.ERROR, "bad-reference", error.text, section, key)

    def _is_declared(self, section: str, key: str) -> bool:
        return key.partition("@")[0] in self._config.declared(section)

    def _is_meant(self, name: str) -> bool:
        """Whether a name has the form of a resource's key: it can't be anything but a reference then."""
        return is_resource(name.partition(".")[0])

    def _finding(
        self, severity: Severity, code: str, text: str, section: str, key: str = "", *, hint: str = "", line: int | None = None
    ) -> Finding:
        return Finding(
            severity,
            code,
            text,
            path=self._document.path,
            line=line if line is not None else self._document.line_of(section, key) or 0,
            section=section,
            key=key,
            value=(self._document.get(section, key) or "") if key else "",
            hint=hint,
        )
