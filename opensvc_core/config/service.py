"""The configuration of a service, evaluated for one node: scopes, inheritance, references, types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from opensvc_core.config import scopes
from opensvc_core.config.converters import print_value
from opensvc_core.config.document import Document
from opensvc_core.config.keywords import Declares, Deferred, Keyword
from opensvc_core.config.nodes import is_selector, select_nodes
from opensvc_core.config.references import Evaluator, Expansion, Source, has_markers, split_name
from opensvc_core.config.sections import FREE, Section, driver_name, group_of, is_resource
from opensvc_core.config.vocabulary import ResourceKeywords, ServiceKeywords, SubsetKeywords, is_trigger
from opensvc_core.config.world import World, words
from opensvc_core.errors import ConfigError, DriverUnavailable

__all__ = ["ServiceConfig", "World"]

DEFAULT = "DEFAULT"
_DEVICES = frozenset({"exposed_devs", "sub_devs", "base_devs"})

_USED_OF_DEFAULT = frozenset({"container_data_dir", "docker_daemon_args", "pre_monitor_action"})

# rid, attribute → what the resource's driver tells, or None where it can't.
Resolve = Callable[[str, str], Sequence[str] | None]
# The class that declares the keywords of a driver's name; raises DriverUnavailable.
Declarations = Callable[[str], type[Declares]]


class Unasked(Exception):
    """A reference to what only a device can tell was met while nothing may be asked."""


class ServiceConfig:
    """A document, a node that it is read for, and what drivers declare."""

    def __init__(self, document: Document, world: World, declarations: Declarations, resolve: Resolve = lambda _rid, _name: None) -> None:
        self.document, self.world, self.declarations = document, world, declarations
        self._resolve = resolve
        self._typing: set[str] = set()
        self._is_bare = False
        self._sections = frozenset(document.sections())

    # -- what the service is made of

    @cached_property
    def service(self) -> ServiceKeywords:
        """`[DEFAULT]`, evaluated."""
        return ServiceKeywords(self.values(DEFAULT, ServiceKeywords))

    def resources(self) -> Iterator[Section]:
        """The resources in the order of the file."""
        return map(self.resource, filter(is_resource, self.document.sections()))

    def resource(self, rid: str) -> Section:
        """The section of a resource. Raises ConfigError for a type that can't be evaluated."""
        kind = self.text(rid, "type") if self._has(rid, "type") else None
        return Section(rid, group_of(rid), driver_name(rid, kind))

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
            for key in self._items(DEFAULT):
                plain = key.partition("@")[0]
                names.update((name, None) for word in (plain, *_names_in_default(plain)) for name in inherited.get(word, ()))
                names.update({plain: None} if plain in aliases else {})
        for name in dict.fromkeys(aliases.get(name, name) for name in names):
            if name in keywords and self._source(section, keywords[name]):
                yield name

    def value(self, section: str, keyword: Keyword[Any]) -> Any:
        """The value of one keyword; its default where the file has none.

        Raises ConfigError for one that can't be converted, and where a reference that is meant as one names nothing; Deferred, in
        `[DEFAULT]`: raises it when the value is used, so that the service can still be seen.
        """
        source = self._source(section, keyword)
        if source is None:
            return keyword.default
        try:
            found = self._expansion(*source, section)
        except Unasked:
            return Deferred(
                lambda: self._convert(self._expansion(*source, section, evaluator=self._asking()).text, source, keyword),
                lambda: self._refuse(self._expansion(*source, section, evaluator=self._asking()), source),
            )
        if any(self.is_meant(name) for name in found.unresolved) and _is_used(section, keyword.name):
            if section == DEFAULT:
                return Deferred(lambda: self._refuse(found, source))
            self._refuse(found, source)
        return self._convert(found.text, source, keyword)

    def is_meant(self, name: str) -> bool:
        """Whether the name of a reference that names nothing can't be anything but a reference: `fs#9.mnt`, `env.nosuch`."""
        section = split_name(name, self._sections)[0]
        return bool(section) or is_resource(name.partition(".")[0])

    def text(self, section: str, key: str) -> str | None:
        """The text of a key with its references replaced, scopes applied; None where the file has none.

        What only a device can tell stays as it is written.
        """
        keyword = self.keyword(section, key) if section == DEFAULT else None
        source = self._raw_key(section, keyword.name, keyword.aliases) if keyword else self._raw_key(section, key, ())
        return None if source is None else self._expanded(*source, section)

    def refers_to(self, rid: str) -> frozenset[str]:
        """The resources that the values of a section name in references."""
        text = "\n".join(self.document.items(rid).values())
        if "{" not in text and "<" not in text:
            return frozenset()
        return frozenset(name for name in _named_sections(text) if name != rid and "#" in name and name in self._sections)

    def unresolved(self, section: str, key: str) -> tuple[str, ...]:
        """The references of a raw key (with its scope) that name nothing. Raises ConfigError for a circular one."""
        if not has_markers(self.document.get(section, key) or ""):
            return ()
        try:
            return self._quiet.evaluate(self._named(section, key, section)).unresolved
        except Unasked:
            return ()

    # -- where a value stands

    def _source(self, section: str, keyword: Keyword[Any]) -> tuple[str, str] | None:
        """The section and the raw key (with its scope) that give a keyword its value."""
        found = self._raw_key(section, keyword.name, keyword.aliases)
        if found is None and section != DEFAULT and keyword.inherit:
            older = keyword.aliases if keyword.inherit == keyword.name else ()
            found = self._raw_key(DEFAULT, keyword.inherit, (*_names_in_default(keyword.inherit), *older))
        return found

    def _raw_key(self, section: str, name: str, aliases: tuple[str, ...]) -> tuple[str, str] | None:
        items = self._items(section)
        if not items:
            return None
        is_scoping = name in scopes.SCOPING and section == DEFAULT
        if not is_scoping and self._is_scoped(section):
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

    def _is_scoped(self, section: str) -> bool:
        """Whether a key of a section has a scope."""
        known = self._scoped.get(section)
        if known is None:
            known = self._scoped[section] = any("@" in key for key in self._items(section))
        return known

    @cached_property
    def _scoped(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _scopes(self) -> tuple[str, ...]:
        """The scopes that apply to this node, the most specific first.

        Where the nodes themselves depend on keys with scopes, only this node's name counts for those. Where they can't be
        evaluated, no other one applies: `service` refuses such a file, and `validate` goes on.
        """
        if self._is_bare:
            return (self.world.node,)
        bare = ServiceConfig(self.document, self.world, self.declarations)
        bare._is_bare = True
        try:
            return scopes.applying(self.world.node, bare._names)
        except ConfigError:
            return (self.world.node,)

    def _names(self, key: str) -> list[str]:
        return (self.text(DEFAULT, key) or "").lower().split()

    def _has(self, section: str, name: str) -> bool:
        return self._raw_key(section, name, ()) is not None

    # -- references and types

    def _refuse(self, found: Expansion, source: tuple[str, str]) -> None:
        """Raise ConfigError where a reference is left over: nobody knows what the text would do."""
        for name in filter(self.is_meant, found.unresolved):
            reason = "its resource can't tell it now; is it started?" if _is_device(name) else "it names nothing"
            raise self.error(f"the reference {{{name}}} can't be replaced: {reason}", *source)

    def _convert(self, found: str, source: tuple[str, str], keyword: Keyword[Any]) -> Any:
        try:
            if keyword.candidates and found not in keyword.candidates:
                raise ValueError(f"{found!r} is none of {', '.join(keyword.candidates)}")
            return keyword.convert(found)
        except ValueError as error:
            raise self.error(f"{error}", *source) from error

    def error(self, text: str, section: str, key: str = "") -> ConfigError:
        """An error with its place in the file."""
        line = self.document.line_of(section, key) or 0
        return ConfigError(text, path=self.document.path, line=line, section=section, key=key)

    def _expanded(self, source: str, key: str, section: str) -> str:
        """The text of a raw key with its references replaced, as `section` sees it (`{rid}` is the reader's).

        What only a device can tell stays as it is written.
        """
        try:
            return self._expansion(source, key, section).text
        except Unasked:
            return self._expansion(source, key, section, evaluator=Evaluator(self._fetch_blindly, sections=self._sections)).text

    def _expansion(self, source: str, key: str, section: str, *, evaluator: Evaluator | None = None) -> Expansion:
        found = Expansion(self._items(source)[key])
        if has_markers(found.text):
            try:
                found = (evaluator or self._quiet).evaluate(self._named(source, key, section))
            except ConfigError as error:
                if is_trigger(key):
                    return found  # a command of the administrator: `$(date +%s)` is for its shell
                raise self.error(error.text, source, key) from error
        if source == DEFAULT and key.partition("@")[0] == "nodes" and is_selector(found.text) and not found.unresolved:
            return Expansion(self._selected(found.text))
        return found

    def _selected(self, text: str) -> str:
        """The nodes that a node selector names, as words."""
        return " ".join(select_nodes(text, self.world.cluster_nodes or (self.world.node,), self.world.node_labels))

    @cached_property
    def _quiet(self) -> Evaluator:
        """Asks no device, and evaluates each value once."""
        return Evaluator(self._fetch_quietly, sections=self._sections)

    def _asking(self) -> Evaluator:
        """Asks devices: each time anew."""
        return Evaluator(self._fetch_asking, sections=self._sections)

    def _named(self, source: str, key: str, section: str) -> Source:
        name = f"{source}.{key}" if source == section else f"{source}.{key} of {section}"
        return Source(name, self._items(source)[key], section)

    def _fetch_quietly(self, name: str, section: str) -> Source | str | None:
        return self._fetch(name, section, may_ask=False)

    def _fetch_blindly(self, name: str, section: str) -> Source | str | None:
        try:
            return self._fetch_quietly(name, section)
        except Unasked:
            return None

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
        if key in _DEVICES and is_resource(target) and target in self._sections:
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
        keyword = self.keyword(section, plain)
        source = self._source(section, keyword) if keyword else self._raw_key(section, plain, ())
        if source is not None and section == DEFAULT and plain == "nodes" and _is_plain_selector(self._items(DEFAULT)[source[1]]):
            return self._selected(self._items(DEFAULT)[source[1]])
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

    def keyword(self, section: str, name: str) -> Keyword[Any] | None:
        """The keyword that a word of a section is, by its name of today or an older one."""
        declared = self.declared(section)
        return declared.get(name) or next((keyword for keyword in declared.values() if name in keyword.aliases), None)

    def driver(self, section: Section) -> type[Declares]:
        """The class of a resource's driver. Raises DriverUnavailable."""
        return self.declarations(section.driver)

    def driver_keywords(self, rid: str) -> Mapping[str, Keyword[Any]]:
        """The keywords of a resource's driver; none where there is no such driver, or its type can't be evaluated."""
        if rid in self._typing:
            return {}  # a type that refers to its own section has the words of the core to choose from
        self._typing.add(rid)
        try:
            return self.declarations(self.resource(rid).driver).keywords()
        except (DriverUnavailable, ConfigError):
            return {}
        finally:
            self._typing.discard(rid)

    def gives(self, section: str, keyword: Keyword[Any]) -> bool:
        """Whether the file gives a section a value for a keyword, on this node."""
        return self._source(section, keyword) is not None

    def key_of(self, section: str, keyword: Keyword[Any]) -> str:
        """The key of a section, with its scope, that gives a keyword its value on this node; empty where it is inherited."""
        source = self._source(section, keyword)
        return source[1] if source and source[0] == section else ""

    def seen(self, section: str, key: str) -> str:
        """The text of a raw key (with its scope), its references replaced, as far as that needs no device."""
        return self._expanded(section, key, section)

    def told(self, section: str, keyword: Keyword[Any]) -> str:
        """The text of a keyword with what devices tell, asked now; empty where the file has none."""
        source = self._source(section, keyword)
        return self._expansion(*source, section, evaluator=self._asking()).text if source else ""

    # -- scopes

    @property
    def has_scopes(self) -> bool:
        """Whether any key has a scope, so that nodes may see different values."""
        return "@" in self.document.text() and any(map(self._is_scoped, self._sections))

    @cached_property
    def known_nodes(self) -> frozenset[str]:
        """The nodes that the file, or the world, names."""
        named = map(self._names, scopes.SCOPING)
        members = (*self.world.cluster_nodes, *self.world.cluster_drpnodes, *(self.text("cluster", "nodes") or "").lower().split())
        return frozenset((self.world.node, *members, *(node for names in named for node in names)))

    def knows_node(self, name: str) -> bool:
        """Whether a node of this name takes part in the service; in doubt (no list of nodes, or one that can't be evaluated) yes."""
        if not self._has(DEFAULT, "nodes") and not self._has("cluster", "nodes"):
            return True
        try:
            return name in self.known_nodes
        except ConfigError:
            return True

    def check(self, section: str, key: str, keyword: Keyword[Any]) -> None:
        """Raise ConfigError where the value of a raw key (with its scope) can't be converted; asks no device."""
        try:
            found = self._expansion(section, key, section)
        except Unasked:
            return
        if not any(self.is_meant(name) for name in found.unresolved):
            self._convert(found.text, (section, key), keyword)

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
        return self.words.get(name)

    @cached_property
    def words(self) -> dict[str, str]:
        """The words of the language and their texts."""
        return words(self.world)


def _names_in_default(word: str) -> tuple[str, ...]:
    """The other names that a word of `[DEFAULT]` has: the one of today, and older ones."""
    keyword = ServiceKeywords.keywords().get(ServiceKeywords.aliases().get(word, word))
    return tuple(name for name in (keyword.name, *keyword.aliases) if name != word) if keyword and keyword.aliases else ()


def _named_sections(text: str) -> Iterator[str]:
    """What may be the section of a reference in a text: in each name, what stands before a dot, behind a modifier too."""
    for word in re.findall(r"\w[\w.#@:/-]*", text):
        for name in (word, word.partition(":")[2]):
            yield from (name[: dot.start()] for dot in re.finditer(r"\.", name))


def _is_used(section: str, key: str) -> bool:
    """Whether a text ends up in a command or a path: notes don't, nor does what `[DEFAULT]` says of the service as such."""
    return is_trigger(key) or key in _USED_OF_DEFAULT if section == DEFAULT else key != "comment"


def _is_device(name: str) -> bool:
    return name.partition("[")[0].rpartition(".")[2] in _DEVICES


def _is_plain_selector(text: str) -> bool:
    return is_selector(text) and not has_markers(text)
