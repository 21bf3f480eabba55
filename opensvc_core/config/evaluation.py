"""Evaluation: what the raw values of a file come to: each reference in them is a word of the language, a key, or what a device tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

from opensvc_core.config.converters import print_value
from opensvc_core.config.keywords import Keyword
from opensvc_core.config.nodes import is_selector, select_nodes
from opensvc_core.config.places import Place, Places
from opensvc_core.config.references import Evaluator, Expansion, Source, has_markers, split_name
from opensvc_core.config.sections import DEFAULT, is_resource
from opensvc_core.config.world import World, words

# rid, attribute → what the resource's driver tells, or None where it can't.
Resolve: TypeAlias = Callable[[str, str], Sequence[str] | None]
# section, word → its declaration, or None where it is unknown.
Declared: TypeAlias = Callable[[str, str], Keyword[Any] | None]

_DEVICES: Final = frozenset({"exposed_devs", "sub_devs", "base_devs"})
# In node.conf and cluster.conf themselves, what is known of the cluster is what they say.
_OF_CLUSTER: Final = {
    "clustername": "cluster.name",
    "clusterid": "cluster.id",
    "clusternodes": "cluster.nodes",
    "clusterdrpnodes": "cluster.drpnodes",
    "dns": "cluster.dns",
}


class Unasked(Exception):
    """A reference to what only a device can tell was met while nothing may be asked."""


def is_device(name: str) -> bool:
    """Whether only a device can tell what a reference stands for."""
    return name.partition("[")[0].rpartition(".")[2] in _DEVICES


class Evaluation:
    """The places of a file, the world around it, what is declared, and who asks devices."""

    def __init__(self, places: Places, world: World, declared: Declared, resolve: Resolve) -> None:
        self._places, self._world, self._declared, self._resolve = places, world, declared, resolve
        self._is_host = places.head != DEFAULT

    def quietly(self, place: Place, section: str) -> Expansion:
        """What the raw value of a place comes to, as a section sees it (`{rid}` is the reader's).

        Raises Unasked where that needs a device, ConfigError for a circle or a bad expression.
        """
        return self._evaluated(place, section, self._quiet)

    def blindly(self, place: Place, section: str) -> Expansion:
        """The same; what only a device can tell stays as it is written."""
        try:
            return self.quietly(place, section)
        except Unasked:
            return self._evaluated(place, section, Evaluator(self._fetch_blindly, sections=self._places.sections))

    def asking(self, place: Place, section: str) -> Expansion:
        """The same, with what devices tell: asked now, each time anew."""
        return self._evaluated(place, section, Evaluator(self._fetch_asking, sections=self._places.sections))

    @cached_property
    def words(self) -> dict[str, str]:
        """The words of the language and their texts."""
        return words(self._world)

    @cached_property
    def _quiet(self) -> Evaluator:
        """Asks no device, and evaluates each value once."""
        return Evaluator(self._fetch_quietly, sections=self._places.sections)

    def _evaluated(self, place: Place, section: str, evaluator: Evaluator) -> Expansion:
        found = Expansion(self._places.raw(*place))
        if has_markers(found.text):
            found = evaluator.evaluate(self._source(place, section))
        is_nodes = place[0] == DEFAULT and place[1].partition("@")[0] == "nodes"
        if is_nodes and is_selector(found.text) and not found.unresolved:
            return Expansion(self._selected(found.text))
        return found

    def _selected(self, text: str) -> str:
        """The nodes that a node selector names, as words."""
        return " ".join(select_nodes(text, self._world.cluster_nodes or (self._world.node,), self._world.node_labels))

    def _source(self, place: Place, reader: str) -> Source:
        section, key = place
        name = f"{section}.{key}" if section == reader else f"{section}.{key} of {reader}"
        return Source(name, self._places.raw(section, key), reader)

    # -- what a name means

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
            return self._world.plugins(prefix, rest)
        if self._is_host and name in _OF_CLUSTER:
            return self._dotted(_OF_CLUSTER[name], may_ask=may_ask)
        known = self._word(name, section)
        if known is not None:
            return known
        if "." in name:
            return self._dotted(name, may_ask=may_ask)
        found = self._keyword(section, name) if section != DEFAULT else None
        return found if found is not None else self._keyword(DEFAULT, name, section)

    def _word(self, name: str, section: str) -> str | None:
        """A word of the language: `nodename`, `svcname`, `rid`, …"""
        if name in ("rid", "rindex"):
            index = section.partition("#")[2]
            return (section if name == "rid" else index) if is_resource(section) else None
        return self.words.get(name)

    def _dotted(self, name: str, *, may_ask: bool) -> Source | str | None:
        target, key = split_name(name, self._places.sections)
        if not target:
            target, _, key = name.partition(".")
        if key in _DEVICES and is_resource(target) and target in self._places.sections:
            return self._devices(target, key, may_ask=may_ask)
        if target == "node" and not self._is_host:
            return self._world.node_values.get(key)
        is_here = target in self._places.sections or target in (DEFAULT, self._places.head)
        found = self._keyword(target, key) if is_here else None
        if found is None and target == "env":
            return self._world.environ.get(key.upper())
        return found

    def _devices(self, rid: str, name: str, *, may_ask: bool) -> str | None:
        if not may_ask:
            raise Unasked
        devices = self._resolve(rid, name)
        return None if devices is None else " ".join(devices)

    def _keyword(self, section: str, name: str, reader: str = "") -> Source | str | None:
        """The value of a keyword of a section: from the file, inherited, or its default."""
        plain, _, scope = name.partition("@")
        if scope and name in self._places.items(section):
            return self._source((section, name), reader or section)
        keyword = self._declared(section, plain)
        place = self._places.of(section, keyword) if keyword else self._places.find(section, plain)
        if place is None:
            return None if keyword is None or keyword.default is None else print_value(keyword.default)
        text = self._places.raw(*place)
        if section == DEFAULT and plain == "nodes" and is_selector(text) and not has_markers(text):
            return self._selected(text)
        return self._source(place, reader or section)
