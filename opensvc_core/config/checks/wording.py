"""Wording: the words of a section and their values: unknown, older, twice, out of place, missing, of the wrong kind."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding, Severity, did_you_mean
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.older import SUCCESSORS, WITHOUT_EFFECT
from opensvc_core.config.sections import FREE, GROUPS, OLDER_DISKS, Section, group_of, is_resource
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.config.vocabulary import HeartbeatKeywords, ResourceKeywords
from opensvc_core.errors import ConfigError, DriverUnavailable

# The groups of node.conf and cluster.conf whose sections guard takeovers, and the type of one that names none.
GUARDS: Final = {"stonith": "command", "watchdog": "device"}


class Wording:
    """Looks at the keys of a file, section by section."""

    def __init__(self, config: ServiceConfig, report: Report) -> None:
        self._config, self._report, self._document = config, report, config.document

    def doubtful(self, sections: Collection[str]) -> Iterator[Finding]:
        """What the text itself makes doubtful in these sections."""
        looked_at = frozenset(sections)
        for remark in self._document.remarks(looked_at):
            hint = "write the comment on a line of its own" if remark.key else "put it on a line of its own"
            yield self._report.warning("doubtful-text", remark.text, remark.section, remark.key, line=remark.line, hint=hint)
        for section, key, line in (one for one in self._document.duplicates() if one[0] in looked_at):
            yield self._report.warning(
                "duplicate-key", "given twice; the last one counts", section, key, line=line, hint="take the others out"
            )

    def resource(self, section: Section) -> Iterator[Finding]:
        """What is wrong with a resource's section."""
        rid = section.rid
        is_known = yield from self._driven(section, ResourceKeywords)
        if not is_known:
            return
        if section.beside:
            yield from self._out_of_place(section)
        elif rid.partition("#")[0] in OLDER_DISKS:
            today = f"today [disk#{rid.partition('#')[2]}] with type = {section.driver}"
            yield self._report.warning("deprecated-section", "an older section", rid, hint=today)

    def heartbeat(self, section: Section) -> Iterator[Finding]:
        """What is wrong with a heartbeat's section of node.conf or cluster.conf: the nodes rely on it, so an unknown word is an error."""
        if section.driver == section.group:
            hint = f"{HeartbeatKeywords.type.text} 'om drivers' lists those that are installed"
            yield self._report.warning("missing-keyword", "type is required", section.rid, hint=hint)
            yield from self.keys(section.rid, HeartbeatKeywords, None)
            return
        for finding in self._driven(section, HeartbeatKeywords):
            yield finding._replace(severity=Severity.ERROR) if finding.code == "unknown-keyword" else finding

    def guard(self, name: str) -> Iterator[Finding]:
        """What is wrong with the section of a fence agent or a watchdog: a word that is not known is an error, unless the driver hands
        all on."""
        group = name.partition("#")[0]
        try:
            section = Section(name, group, f"{group}.{self._config.text(name, 'type') or GUARDS[group]}")
        except ConfigError:
            return  # found with the references
        # where it is said for some nodes alone, those that can't use it are meant to have none
        is_for_some = any("@" in key for key in self._document.keys(name))
        for finding in self._driven(section, Declares):
            if finding.code == "missing-keyword" and is_for_some:
                continue
            if finding.code != "unknown-keyword":
                yield finding
            elif not getattr(self._config.driver(section), "hands_words_on", False):
                yield finding._replace(severity=Severity.ERROR)

    def _driven(self, section: Section, common: type[Declares]) -> Generator[Finding, None, bool]:
        """What is wrong with the words of a section that has a driver; `common` are the words of all sections of its kind.

        Returns whether there is such a driver.
        """
        rid = section.rid
        try:
            declared = self._config.driver(section)
        except DriverUnavailable as error:
            key = error.key or ("type" if self._document.get(rid, "type") else "")
            text = " ".join(str(error).split())  # a type may have been continued on another line
            yield self._report.error("unknown-driver", text, rid, key)
            yield from self.keys(rid, common, None)
            return False
        yield from self.keys(rid, common, declared.keywords(), declared.aliases())
        yield from self.missing(rid, declared)
        return True

    def _out_of_place(self, section: Section) -> Iterator[Finding]:
        """What the section of a resource that another one asks for can't say."""
        rid, beside = section.rid, section.beside
        for key in self._document.keys(rid):
            name = key.partition("@")[0]
            if name == "type":
                text = f"{rid} is what {beside} asks for, and can have no type"
                yield self._report.error("bad-value", text, rid, key, hint="take it out, or give this resource another name")
            elif ResourceKeywords.aliases().get(name, name) == "scsireserv":
                text = f"{rid} is the reservation of {beside} and asks for none"
                yield self._report.warning("ignored-keyword", text, rid, key, hint="take it out")

    def unknown_section(self, name: str) -> Finding:
        """A section that no part of a service is."""
        prefix = name.partition("#")[0]
        if name != name.strip():
            hint = f"blanks in a header belong to the name; did you mean [{name.strip()}]?"
        elif prefix in GROUPS:
            hint = f"a resource's section is [{prefix}#NAME]"
        else:
            hint = did_you_mean(prefix, [*GROUPS, *OLDER_DISKS, *FREE, DEFAULT, "subset"])
        return self._report.warning("unknown-section", "no section of a service", name, hint=hint)

    def inheritable(self, resources: Iterable[Section]) -> dict[str, Keyword[Any]]:
        """What `[DEFAULT]` may hold beside its own words: keywords that the resources inherit."""
        found: dict[str, Keyword[Any]] = dict(ResourceKeywords.keywords())
        for section in resources:
            with suppress(DriverUnavailable):  # told of its own section
                found.update(self._config.driver(section).keywords())
        return {keyword.inherit: keyword for keyword in found.values() if keyword.inherit}

    def missing(self, section: str, declares: type[Declares]) -> Iterator[Finding]:
        """Findings about keywords that are required and not there."""
        for name, keyword in declares.keywords().items():
            if keyword.required and not keyword.provisioning and not self._config.gives(section, keyword):
                hint = f"{keyword.text.rstrip('.')}, such as {name} = {keyword.example}" if keyword.example else keyword.text
                yield self._report.error("missing-keyword", f"{name} is required", section, hint=hint)

    def keys(
        self, section: str, declares: type[Declares], more: Mapping[str, Keyword[Any]] | None, aliases: Mapping[str, str] | None = None
    ) -> Iterator[Finding]:
        """Findings about the keys of a section; `more` are keywords beside the class's, None: any word may be one."""
        known = {**declares.keywords(), **(more or {})}
        older = {**declares.aliases(), **(aliases or {})}
        for key in self._document.keys(section):
            name, _, scope = key.partition("@")
            keyword = known.get(older.get(name, name))
            if keyword is not None:
                yield from self._older(section, key, older.get(name))
                yield from self._scope(section, key, scope, keyword)
                yield from self._value(section, key, keyword)
            elif more is not None:
                yield self._unknown(section, key, known)

    def _unknown(self, section: str, key: str, known: Mapping[str, Keyword[Any]]) -> Finding:
        group, name = group_of(section), key.partition("@")[0]
        if name in WITHOUT_EFFECT.get(group, ()):
            text = "a word of older agents that has no effect in this one"
            return self._report.warning("no-effect", text, section, key, hint="it may be taken out")
        page = self._config.resource(section).driver if is_resource(section) else group
        hint = did_you_mean(name, known) or f"'om keywords {page}' lists those that there are"
        text = f"{section.partition('#')[0]} has no keyword {name!r}"
        if section == DEFAULT:
            text = f"neither the service nor one of its resources has a keyword {name!r}"
        return self._report.warning("unknown-keyword", text, section, key, hint=hint)

    def _older(self, section: str, key: str, successor: str | None) -> Iterator[Finding]:
        name = key.partition("@")[0]
        if successor:
            hint = f"today {successor!r}"
            if self._document.get(section, key.replace(name, successor, 1)) is not None:
                hint += ", which stands in this section too and counts; take this one out"
        else:
            hint = SUCCESSORS.get((section, name), "")
        if hint:
            yield self._report.warning("deprecated-keyword", "an older word", section, key, hint=hint)

    def _scope(self, section: str, key: str, scope: str, keyword: Keyword[Any]) -> Iterator[Finding]:
        if scope and not keyword.scopable:
            text = f"{keyword.name} is the same on all nodes; '@{scope}' is not allowed"
            yield self._report.error("not-scopable", text, section, key, hint=f"write {keyword.name} without a scope")
        elif scope and scope not in self._config.scopes and not self._config.knows_node(scope):
            hint = did_you_mean(scope, [*self._config.scopes, *self._config.known_nodes])
            hint = hint or f"scopes are a node's name, {', '.join(self._config.scopes)}"
            text = f"'@{scope}' is no node of the service, so it never applies"
            yield self._report.warning("unknown-scope", text, section, key, hint=hint)

    def _value(self, section: str, key: str, keyword: Keyword[Any]) -> Iterator[Finding]:
        try:
            self._config.check(section, key, keyword)
        except ConfigError as error:
            if not error.text.startswith("circular reference"):  # found with the references
                hint = did_you_mean(self._document.get(section, key) or "", keyword.candidates)
                yield self._report.error("bad-value", error.text, section, key, hint=hint)
