"""The configuration of a service, evaluated for one node: scopes, inheritance, references, types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from opensvc_core.config.converters import print_value
from opensvc_core.config.document import Document
from opensvc_core.config.keywords import Declares, Deferred, Keyword
from opensvc_core.config.references import Evaluator, Source, has_markers, split_name
from opensvc_core.config.sections import FREE, Section, driver_name, group_of, is_resource
from opensvc_core.config.vocabulary import ResourceKeywords, ServiceKeywords, SubsetKeywords, is_trigger
from opensvc_core.errors import ConfigError, DriverUnavailable
from opensvc_core.model.names import ServicePath

DEFAULT = "DEFAULT"
_DEVICES = frozenset({"exposed_devs", "sub_devs", "base_devs"})

# rid, attribute → what the resource's driver tells, or None where it can't.
Resolve = Callable[[str, str], Sequence[str] | None]
# The class that declares the keywords of a driver's name; raises DriverUnavailable.
Declarations = Callable[[str], type[Declares]]


class World(NamedTuple):
    """What the evaluation may know of what is outside of the file.

    `folders` has `etc`, `var`, `private_var`, `initd`; `node` the values of node.conf's sections (`node.loc_city`);
    `plugins` answers `{prefix://name}`.
    """

    node: str
    path: ServicePath
    cluster: str = "default"
    cluster_nodes: tuple[str, ...] = ()
    cluster_drpnodes: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    folders: Mapping[str, str] = {}
    node_values: Mapping[str, str] = {}
    environ: Mapping[str, str] = {}
    plugins: Callable[[str, str], str | None] = lambda _prefix, _name: None


class Unasked(Exception):
    """A reference to what only a device can tell was met while nothing may be asked."""


class ServiceConfig:
    """A document, a node that it is read for, and what drivers declare."""

    def __init__(self, document: Document, world: World, declarations: Declarations, resolve: Resolve = lambda _rid, _name: None) -> None:
        self.document, self.world = document, world
        self._declarations, self._resolve = declarations, resolve
        self._quiet: Evaluator | None = None
        self._sections = frozenset(document.sections())

    # -- what the service is made of

    @cached_property
    def service(self) -> ServiceKeywords:
        """`[DEFAULT]`, evaluated."""
        return ServiceKeywords(self.values(DEFAULT, ServiceKeywords))

    def resources(self) -> Iterator[Section]:
        """The resources in the order of the file."""
        for name in self.document.sections():
            if is_resource(name):
                kind = self.text(name, "type") if self._has(name, "type") else None
                yield Section(name, group_of(name), driver_name(name, kind))

    def policy(self, rid: str) -> ResourceKeywords:
        """What the core does with a resource."""
        return ResourceKeywords(self.values(rid, ResourceKeywords))

    def subsets(self) -> dict[str, bool]:
        """For each `[subset#group:name]`, under `group:name`, whether it is parallel."""
        names = (name for name in self.document.sections() if name.startswith("subset#"))
        return {name.partition("#")[2]: SubsetKeywords(self.values(name, SubsetKeywords)).parallel for name in names}

    # -- values

    def values(self, section: str, declares: type[Declares]) -> dict[str, Any]:
        """The values of a section's keywords that the file gives, converted. Raises ConfigError for one that can't be.

        A value that only a device can tell is Deferred.
        """
        keywords = declares.keywords()
        return {name: self.value(section, keywords[name]) for name in self._given(section, declares)}

    def _given(self, section: str, declares: type[Declares]) -> Iterator[str]:
        """The keywords that the file gives: found by its few keys, not by the many that may be declared."""
        keywords, aliases = declares.keywords(), declares.aliases()
        names = dict.fromkeys(key.partition("@")[0] for key in self._items(section))
        if section != DEFAULT:
            inherited = declares.heirs()
            names.update((name, None) for key in self._items(DEFAULT) for name in inherited.get(key.partition("@")[0], ()))
        for name in dict.fromkeys(aliases.get(name, name) for name in names):
            if name in keywords and self._source(section, keywords[name]):
                yield name

    def value(self, section: str, keyword: Keyword[Any]) -> Any:
        """The value of one keyword; its default where the file has none."""
        source = self._source(section, keyword)
        if source is None:
            return keyword.default
        try:
            return self._converted(source, section, keyword)
        except Unasked:
            return Deferred(lambda: self._asked(source, section, keyword))

    def text(self, section: str, key: str) -> str | None:
        """The text of a key with its references replaced, scopes applied; None where the file has none."""
        source = self._raw_key(section, key, ())
        return None if source is None else self._expanded(*source, section)

    def refers_to(self, rid: str) -> frozenset[str]:
        """The resources that the values of a section name in references."""
        text = "\n".join(self.document.items(rid).values())
        if "{" not in text and "<" not in text:
            return frozenset()
        return frozenset(name for name in self._sections if name != rid and "#" in name and _mentions(text, name))

    def unresolved(self, section: str, key: str) -> tuple[str, ...]:
        """The references of a raw key (with its scope) that name nothing. Raises ConfigError for a circular one."""
        if not has_markers(self.document.get(section, key) or ""):
            return ()
        try:
            return self._evaluator(may_ask=False).evaluate(self._named(section, key, section)).unresolved
        except Unasked:
            return ()

    # -- where a value stands

    def _source(self, section: str, keyword: Keyword[Any]) -> tuple[str, str] | None:
        """The section and the raw key (with its scope) that give a keyword its value."""
        found = self._raw_key(section, keyword.name, keyword.aliases)
        if found is None and section != DEFAULT and keyword.inherit:
            found = self._raw_key(DEFAULT, keyword.inherit, ())
        return found

    def _raw_key(self, section: str, name: str, aliases: tuple[str, ...]) -> tuple[str, str] | None:
        items = self._items(section)
        if not items:
            return None
        is_scoping = name in ("nodes", "drpnodes", "drpnode", "encapnodes", "flex_primary", "drp_flex_primary") and section == DEFAULT
        if section in self._scoped_sections and not is_scoping:
            for scope in self._scopes:
                for word in (name, *aliases):
                    if f"{word}@{scope}" in items:
                        return section, f"{word}@{scope}"
        for word in (name, *aliases):
            if word in items:
                return section, word
        return None

    def _items(self, section: str) -> Mapping[str, str]:
        known = self._item_cache.get(section)
        if known is None:
            known = self._item_cache[section] = self.document.items(section) if section in self._sections else {}
        return known

    @cached_property
    def _item_cache(self) -> dict[str, Mapping[str, str]]:
        return {}

    @cached_property
    def _scoped_sections(self) -> frozenset[str]:
        return frozenset(name for name in self._sections if any("@" in key for key in self._items(name)))

    @cached_property
    def _scopes(self) -> tuple[str, ...]:
        """The scopes that apply to this node, the most specific first."""
        node = self.world.node
        nodes = self._names("nodes")
        drpnodes = [*self._names("drpnode"), *self._names("drpnodes")]
        leaders = {
            "flex_primary": self._names("flex_primary") or nodes[:1],
            "drp_flex_primary": self._names("drp_flex_primary") or drpnodes[:1],
        }
        members = {"nodes": nodes, "drpnodes": drpnodes, "encapnodes": self._names("encapnodes"), **leaders}
        return (node, *(scope for scope, names in members.items() if node in names))

    def _names(self, key: str) -> list[str]:
        return (self.text(DEFAULT, key) or "").lower().split()

    def _has(self, section: str, name: str) -> bool:
        return self._raw_key(section, name, ()) is not None

    # -- references and types

    def _converted(self, source: tuple[str, str], section: str, keyword: Keyword[Any], *, may_ask: bool = False) -> Any:
        found = self._expanded(*source, section, may_ask=may_ask)
        raw_section, raw_key = source
        try:
            if keyword.candidates and found not in keyword.candidates:
                raise ValueError(f"{found!r} is none of {', '.join(keyword.candidates)}")
            return keyword.convert(found)
        except ValueError as error:
            raise self.error(f"{error}", raw_section, raw_key) from error

    def _asked(self, source: tuple[str, str], section: str, keyword: Keyword[Any]) -> Any:
        return self._converted(source, section, keyword, may_ask=True)

    def error(self, text: str, section: str, key: str = "") -> ConfigError:
        """An error with its place in the file."""
        line = self.document.line_of(section, key) or 0
        return ConfigError(text, path=self.document.path, line=line, section=section, key=key)

    def _expanded(self, source: str, key: str, section: str, *, may_ask: bool = False) -> str:
        """The text of a raw key with its references replaced, as `section` sees it (`{rid}` is the reader's)."""
        raw = self._items(source)[key]
        if not has_markers(raw):
            return raw
        try:
            return self._evaluator(may_ask=may_ask).evaluate(self._named(source, key, section)).text
        except ConfigError as error:
            if is_trigger(key):
                return raw  # a command of the administrator: `$(date +%s)` is for its shell
            raise self.error(error.text, source, key) from error

    def _evaluator(self, *, may_ask: bool) -> Evaluator:
        """What devices tell is asked anew each time; all other values are evaluated once."""
        if may_ask:
            return Evaluator(self._fetch_asking, sections=self._sections)
        if self._quiet is None:
            self._quiet = Evaluator(self._fetch_quietly, sections=self._sections)
        return self._quiet

    def _named(self, source: str, key: str, section: str) -> Source:
        name = f"{source}.{key}" if source == section else f"{source}.{key} of {section}"
        return Source(name, self._items(source)[key], section)

    def _fetch_quietly(self, name: str, section: str) -> Source | str | None:
        return self._fetch(name, section, may_ask=False)

    def _fetch_asking(self, name: str, section: str) -> Source | str | None:
        return self._fetch(name, section, may_ask=True)

    def _fetch(self, name: str, section: str, *, may_ask: bool) -> Source | str | None:
        """What a reference means: a word of the language, a key of a section, what a device or a plugin tells."""
        prefix, mark, rest = name.partition("://")
        if mark:
            return self.world.plugins(prefix, rest)
        known = self._hard_coded(name, section)
        if known is not None:
            return known
        if "." in name:
            return self._dotted(name, may_ask=may_ask)
        found = self._keyword(section, name) if section != DEFAULT else None
        return found if found is not None else self._keyword(DEFAULT, name, section)

    def _dotted(self, name: str, *, may_ask: bool) -> Source | str | None:
        target, key = split_name(name, self._sections)
        if not target:
            target, _, key = name.partition(".")
        if key in _DEVICES and is_resource(target):
            return self._devices(target, key, may_ask=may_ask)
        if target == "node":
            return self.world.node_values.get(key)
        found = self._keyword(target, key) if target in self._sections or target == DEFAULT else None
        if found is None and target == "env":
            return self.world.environ.get(key.upper())
        return found

    def _keyword(self, section: str, name: str, reader: str = "") -> Source | str | None:
        """The value of a keyword of a section: from the file, inherited, or its default."""
        plain, _, scope = name.partition("@")
        if scope and name in self._items(section):
            return self._named(section, name, reader or section)
        keyword = self.declared(section).get(plain)
        source = self._source(section, keyword) if keyword else self._raw_key(section, plain, ())
        if source is not None:
            return self._named(*source, reader or section)
        return None if keyword is None or keyword.default is None else print_value(keyword.default)

    def declared(self, section: str) -> Mapping[str, Keyword[Any]]:
        """The keywords that a section may have, as far as they are known; none where its words are free."""
        if section == DEFAULT:
            return ServiceKeywords.keywords()
        if section in FREE or not is_resource(section):
            return {}
        return {**ResourceKeywords.keywords(), **self.driver_keywords(section)}

    def driver(self, section: Section) -> type[Declares]:
        """The class of a resource's driver. Raises DriverUnavailable."""
        return self._declarations(section.driver)

    def driver_keywords(self, rid: str) -> Mapping[str, Keyword[Any]]:
        """The keywords of a resource's driver; none where there is no such driver."""
        kind = self.text(rid, "type") if self._has(rid, "type") else None
        try:
            return self._declarations(driver_name(rid, kind)).keywords()
        except DriverUnavailable:
            return {}

    def gives(self, section: str, keyword: Keyword[Any]) -> bool:
        """Whether the file gives a section a value for a keyword, on this node."""
        return self._source(section, keyword) is not None

    def check(self, section: str, key: str, keyword: Keyword[Any]) -> None:
        """Raise ConfigError where the value of a raw key (with its scope) can't be converted; asks no device."""
        try:
            self._converted((section, key), section, keyword)
        except Unasked:
            return

    def _devices(self, rid: str, name: str, *, may_ask: bool) -> str | None:
        if not may_ask:
            raise Unasked
        devices = self._resolve(rid, name)
        return None if devices is None else " ".join(devices)

    def _hard_coded(self, name: str, section: str) -> str | None:
        """A word of the language: `nodename`, `svcname`, `rid`, …"""
        if name in ("rid", "rindex"):
            index = section.partition("#")[2]
            return (section if name == "rid" else index) if is_resource(section) else None
        return self._words.get(name)

    @cached_property
    def _words(self) -> dict[str, str]:
        world, path = self.world, self.world.path
        name, short, domain = path.name, path.name.partition(".")[0], f"{path.namespace}.{path.kind}.{world.cluster}"
        return {
            **world.folders,
            **dict.fromkeys(("name", "svcname"), name),
            **dict.fromkeys(("short_name", "short_svcname"), short),
            **dict.fromkeys(("path", "svcpath"), str(path)),
            "nodename": world.node,
            "short_nodename": world.node.partition(".")[0],
            "namespace": path.namespace,
            "kind": path.kind,
            "fqdn": f"{name}.{domain}",
            "domain": domain,
            "clustername": world.cluster,
            "clusternodes": " ".join(world.cluster_nodes),
            "clusterdrpnodes": " ".join(world.cluster_drpnodes),
            "dns": " ".join(world.dns),
        }


def _mentions(text: str, name: str) -> bool:
    return f"{name}." in text
