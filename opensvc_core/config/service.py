"""The configuration of a service, evaluated for one node: its resources, and the values of their keywords, with their types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from opensvc_core.config import scopes
from opensvc_core.config.concealing import told
from opensvc_core.config.document import Document
from opensvc_core.config.evaluation import Evaluation, Resolve, Unasked, is_device
from opensvc_core.config.keywords import Declares, Deferred, Keyword
from opensvc_core.config.places import Place, Places
from opensvc_core.config.references import Expansion, has_markers, split_name
from opensvc_core.config.sections import DEFAULT, FREE, Section, driver_name, group_of, is_resource
from opensvc_core.config.vocabulary import HOST_OTHERS, HOST_SECTIONS, ResourceKeywords, ServiceKeywords, SubsetKeywords, is_trigger
from opensvc_core.config.world import World
from opensvc_core.errors import ConfigError, DriverUnavailable

__all__ = ["DEFAULT", "ServiceConfig", "World"]

_USED_OF_DEFAULT = frozenset({"container_data_dir", "docker_daemon_args", "pre_monitor_action"})

D = TypeVar("D", bound=Declares)
# The class that declares the keywords of a driver's name; raises DriverUnavailable.
Declarations = Callable[[str], type[Declares]]


class ServiceConfig:
    """A document, a node that it is read for, and what drivers declare.

    node.conf and cluster.conf are read in the same way: their path is of the kind `ccfg`. `below` is what counts where the document
    says nothing: cluster.conf below node.conf.
    """

    def __init__(
        self,
        document: Document,
        world: World,
        declarations: Declarations,
        resolve: Resolve = lambda _rid, _name: None,
        below: Document | None = None,
    ) -> None:
        self.document, self.world, self.declarations, self._below = document, world, declarations, below
        self._is_host = world.path.kind == "ccfg"
        self._head = "cluster" if self._is_host else DEFAULT
        self._places = Places(document, below, world.node, self._named_without_scopes, head=self._head)
        self._evaluation = Evaluation(self._places, world, self.keyword, resolve)
        self._typing: set[str] = set()

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
        kind = self.text(rid, "type") if self._places.find(rid, "type") else None
        return Section(rid, group_of(rid), driver_name(rid, kind))

    def policy(self, rid: str) -> ResourceKeywords:
        """What the core does with a resource."""
        return ResourceKeywords(self.values(rid, ResourceKeywords))

    def subsets(self) -> dict[str, bool]:
        """For each `[subset#group:name]`, under `group:name`, whether it is parallel."""
        return {name: keywords.parallel for name, keywords in self.subset_keywords().items()}

    def subset_keywords(self) -> dict[str, SubsetKeywords]:
        """The keywords of each `[subset#group:name]`, under `group:name`."""
        names = (name for name in self.document.sections() if name.startswith("subset#"))
        return {name.partition("#")[2]: SubsetKeywords(self.values(name, SubsetKeywords)) for name in names}

    # -- values

    def values(self, section: str, declares: type[Declares]) -> dict[str, Any]:
        """The values of a section's keywords that the file gives, converted. Raises ConfigError for one that can't be.

        A value that only a device can tell is Deferred.
        """
        keywords = declares.keywords()
        return {name: self.value(section, keywords[name]) for name in self._places.given(section, declares)}

    def value(self, section: str, keyword: Keyword[Any]) -> Any:
        """The value of one keyword; its default where the file has none.

        Raises ConfigError for one that can't be converted, and where a reference that is meant as one names nothing; Deferred, in
        `[DEFAULT]`: raises it when the value is used, so that the service can still be seen.
        """
        place = self._places.of(section, keyword)
        if place is None:
            return keyword.default
        try:
            found = self._expansion(self._evaluation.quietly, place, section)
        except Unasked:
            return Deferred(
                lambda: self._convert(self._expansion(self._evaluation.asking, place, section).text, place, keyword),
                lambda: self._refuse(self._expansion(self._evaluation.asking, place, section), place),
            )
        if any(self.is_meant(name) for name in found.unresolved) and _is_used(section, keyword.name):
            if section == DEFAULT:
                return Deferred(lambda: self._refuse(found, place))
            self._refuse(found, place)
        return self._convert(found.text, place, keyword)

    def text(self, section: str, key: str) -> str | None:
        """The text of a key with its references replaced, scopes applied; None where the file has none.

        What only a device can tell stays as it is written.
        """
        keyword = self.keyword(section, key) if section == DEFAULT else None
        place = self._places.of(section, keyword) if keyword else self._places.find(section, key)
        return None if place is None else self._expansion(self._evaluation.blindly, place, section).text

    def raw(self, section: str, key: str) -> str | None:
        """The raw value of a raw key (with its scope), of the document or what is below it; None where there is none."""
        return self._places.items(section).get(key)

    def sections(self) -> list[str]:
        """The names of all sections, those of the document first."""
        return list(dict.fromkeys((*self.document.sections(), *(self._below.sections() if self._below else ()))))

    def items(self, section: str) -> Mapping[str, str]:
        """All raw values of a section by raw key."""
        return self._places.items(section)

    def seen(self, section: str, key: str) -> str:
        """The text of a raw key (with its scope), its references replaced, as far as that needs no device."""
        return self._expansion(self._evaluation.blindly, (section, key), section).text

    def told(self, section: str, keyword: Keyword[Any]) -> str:
        """The text of a keyword with what devices tell, asked now; empty where the file has none."""
        place = self._places.of(section, keyword)
        return self._expansion(self._evaluation.asking, place, section).text if place else ""

    def gives(self, section: str, keyword: Keyword[Any]) -> bool:
        """Whether the file gives a section a value for a keyword, on this node."""
        return self._places.of(section, keyword) is not None

    def key_of(self, section: str, keyword: Keyword[Any]) -> str:
        """The key of a section, with its scope, that gives a keyword its value on this node; empty where it is inherited."""
        place = self._places.of(section, keyword)
        return place[1] if place and place[0] == section else ""

    def check(self, section: str, key: str, keyword: Keyword[Any]) -> None:
        """Raise ConfigError where the value of a raw key (with its scope) can't be converted; asks no device."""
        try:
            found = self._expansion(self._evaluation.quietly, (section, key), section)
        except Unasked:
            return
        if not any(self.is_meant(name) for name in found.unresolved):
            self._convert(found.text, (section, key), keyword)

    def error(self, text: str, section: str, key: str = "") -> ConfigError:
        """An error with its place in the file."""
        path, line = self._places.line_of(section, key)
        return ConfigError(text, path=path, line=line, section=section, key=key)

    def _expansion(self, evaluate: Callable[[Place, str], Expansion], place: Place, section: str) -> Expansion:
        """What a place comes to, as a section sees it. Raises ConfigError with the place, Unasked."""
        try:
            return evaluate(place, section)
        except ConfigError as error:
            if is_trigger(place[1]):
                return Expansion(self._places.raw(*place))  # a command of the administrator: `$(date +%s)` is for its shell
            raise self.error(told(place[1], error.text), *place) from error

    def _refuse(self, found: Expansion, place: Place) -> None:
        """Raise ConfigError where a reference is left over: nobody knows what the text would do."""
        for name in filter(self.is_meant, found.unresolved):
            reason = "its resource can't tell it now; is it started?" if is_device(name) else "it names nothing"
            raise self.error(told(place[1], f"the reference {{{name}}} can't be replaced: {reason}"), *place)

    def _convert(self, found: str, place: Place, keyword: Keyword[Any]) -> Any:
        try:
            if keyword.candidates and found not in keyword.candidates:
                raise ValueError(f"{found!r} is none of {', '.join(keyword.candidates)}")
            return keyword.convert(found)
        except ValueError as error:
            raise self.error(told(place[1], f"{error}"), *place) from error

    # -- references

    def is_meant(self, name: str) -> bool:
        """Whether the name of a reference that names nothing can't be anything but a reference: `fs#9.mnt`, `env.nosuch`."""
        section = split_name(name, self._places.sections)[0]
        return bool(section) or is_resource(name.partition(".")[0])

    def refers_to(self, rid: str) -> frozenset[str]:
        """The resources that the values of a section name in references."""
        text = "\n".join(self._places.items(rid).values())
        if "{" not in text and "<" not in text:
            return frozenset()
        return frozenset(name for name in _named_sections(text) if name != rid and "#" in name and name in self._places.sections)

    def unresolved(self, section: str, key: str) -> tuple[str, ...]:
        """The references of a raw key (with its scope) that name nothing. Raises ConfigError for a circular one."""
        if not has_markers(self.raw(section, key) or ""):
            return ()
        try:
            return self._evaluation.quietly((section, key), section).unresolved
        except Unasked:
            return ()

    @property
    def words(self) -> dict[str, str]:
        """The words of the language and their texts."""
        return self._evaluation.words

    # -- declarations

    def declared(self, section: str) -> Mapping[str, Keyword[Any]]:
        """The keywords that a section may have, as far as they are known; none where its words are free."""
        if self._is_host:
            declares = self.host_section(section)
            return {**declares.keywords(), **(self.driver_keywords(section) if is_resource(section) else {})} if declares else {}
        if section == DEFAULT:
            return ServiceKeywords.keywords()
        if section in FREE or not is_resource(section):
            return {}
        return {**ResourceKeywords.keywords(), **self.driver_keywords(section)}

    def host_section(self, section: str) -> type[Declares] | None:
        """The class of keywords of a section of node.conf or cluster.conf, the core's or a plugin's; None where its words are free."""
        word = section.partition("#")[0]
        return HOST_SECTIONS.get(word) or (None if word in HOST_OTHERS else self.world.sections().get(word))

    def keyword(self, section: str, name: str) -> Keyword[Any] | None:
        """The keyword that a word of a section is, by its name of today or an older one."""
        declared = self.declared(section)
        return declared.get(name) or next((keyword for keyword in declared.values() if name in keyword.aliases), None)

    def driver(self, section: Section) -> type[Declares]:
        """The class of a resource's driver, for what its section says. Raises DriverUnavailable."""
        return self.variant(section.rid, self.declarations(section.driver))

    def variant(self, rid: str, cls: type[D]) -> type[D]:
        """The class of a section whose driver has one for each value of a keyword. Raises DriverUnavailable."""
        place = self._places.of(rid, cls.keywords()[cls.variant_by]) if cls.variant_by else None
        if place is None:
            return cls
        try:
            value = self._expansion(self._evaluation.blindly, place, rid).text
        except ConfigError:
            return cls  # told when the value is asked for
        return cls.variant(value)

    def driver_keywords(self, rid: str) -> Mapping[str, Keyword[Any]]:
        """The keywords of a resource's driver; none where there is no such driver, or its type can't be evaluated."""
        if rid in self._typing:
            return {}  # a type that refers to its own section has the words of the core to choose from
        self._typing.add(rid)
        try:
            return self.driver(self.resource(rid)).keywords()
        except (DriverUnavailable, ConfigError):
            return {}
        finally:
            self._typing.discard(rid)

    # -- nodes

    @property
    def scopes(self) -> tuple[str, ...]:
        """The words that may be scopes here, beside the names of nodes."""
        return scopes.OF_HOSTS if self._is_host else scopes.SCOPES

    @property
    def has_scopes(self) -> bool:
        """Whether any key has a scope, so that nodes may see different values."""
        return "@" in self.document.text() and any(map(self._places.is_scoped, self.document.sections()))

    @cached_property
    def known_nodes(self) -> frozenset[str]:
        """The nodes that the file, or the world, names."""
        named = map(self._named, scopes.SCOPING)
        members = (*self.world.cluster_nodes, *self.world.cluster_drpnodes)
        return frozenset((self.world.node, *members, *(node for names in named for node in names)))

    def knows_node(self, name: str) -> bool:
        """Whether a node of this name takes part in the service; in doubt (no list of nodes, or one that can't be evaluated) yes."""
        if not self._places.find(self._head, "nodes"):
            return True
        try:
            return name in self.known_nodes
        except ConfigError:
            return True

    def _named(self, key: str) -> list[str]:
        """The nodes that a keyword names which tells who is in a scope."""
        return (self.text(self._head, key) or "").lower().split()

    def _named_without_scopes(self, key: str) -> list[str]:
        """The same, where the nodes depend on keys that have scopes: of those, only this node's name counts then."""
        return self._bare._named(key)

    @cached_property
    def _bare(self) -> ServiceConfig:
        bare = ServiceConfig(self.document, self.world, self.declarations, below=self._below)
        bare._places.scopes = (self.world.node,)
        return bare


def _named_sections(text: str) -> Iterator[str]:
    """What may be the section of a reference in a text: in each name, what stands before a dot, behind a modifier too."""
    for word in re.findall(r"\w[\w.#@:/-]*", text):
        for name in (word, word.partition(":")[2]):
            yield from (name[: dot.start()] for dot in re.finditer(r"\.", name))


def _is_used(section: str, key: str) -> bool:
    """Whether a text ends up in a command or a path: notes don't, nor does what `[DEFAULT]` says of the service as such."""
    return is_trigger(key) or key in _USED_OF_DEFAULT if section == DEFAULT else key != "comment"
