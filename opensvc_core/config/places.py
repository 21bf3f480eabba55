"""Places: which section and raw key of a file give a keyword its value on a node: scopes, older names, inheritance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from opensvc_core.config import scopes
from opensvc_core.config.document import Document
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.references import has_markers
from opensvc_core.config.sections import DEFAULT, DRPNODE, DRPNODES
from opensvc_core.config.vocabulary import ServiceKeywords
from opensvc_core.errors import ConfigError

# A section and a raw key (with its scope) of it.
Place: TypeAlias = tuple[str, str]
# The nodes that a keyword of the section `Places.head` names.
Members: TypeAlias = Callable[[str], list[str]]


class Places:
    """A document, and below it, for node.conf, another one that counts where it says nothing; seen from a node.

    `head` is the section whose keywords tell who is in a scope.
    """

    def __init__(self, document: Document, below: Document | None, node: str, members: Members, *, head: str = DEFAULT) -> None:
        self._document, self._below, self._node, self._members, self.head = document, below, node, members, head
        self.sections = frozenset((*document.sections(), *(below.sections() if below else ())))
        self._known_items: dict[str, Mapping[str, str]] = {}
        self._known_scoped: dict[str, bool] = {}

    def items(self, section: str) -> Mapping[str, str]:
        """The raw values of a section by raw key."""
        known = self._known_items.get(section)
        if known is None:
            known = self._known_items[section] = self._read(section) if section in self.sections else {}
        return known

    def raw(self, section: str, key: str) -> str:
        """The raw value of a key that is there; `drpnode` is the first of `drpnodes`."""
        items = self.items(section)
        found = items[key]
        if key == DRPNODES and section == DEFAULT and items.get(DRPNODE):
            found = f"{items[DRPNODE]} {found}"
            return found if has_markers(found) else " ".join(dict.fromkeys(found.split()))
        return found

    def of(self, section: str, keyword: Keyword[Any]) -> Place | None:
        """Where the value of a keyword stands; None where the file has none."""
        found = self.find(section, keyword.name, keyword.aliases)
        if found is None and section != DEFAULT and keyword.inherit:
            older = keyword.aliases if keyword.inherit == keyword.name else ()
            found = self.find(DEFAULT, keyword.inherit, (*_names_in_default(keyword.inherit), *older))
        if found is None and section == DEFAULT and keyword.name == DRPNODES:
            found = self.find(DEFAULT, DRPNODE)
        return found

    def find(self, section: str, name: str, aliases: tuple[str, ...] = ()) -> Place | None:
        """The same for a word of a section and its older names, without inheritance."""
        items = self.items(section)
        if not items:
            return None
        is_scoping = name in scopes.SCOPING and section == self.head
        if not is_scoping and self.is_scoped(section):
            for scope in self.scopes:
                for word in (name, *aliases):
                    if f"{word}@{scope}" in items:
                        return section, f"{word}@{scope}"
        for word in (name, *aliases):
            if word in items:
                return section, word
        return None

    def given(self, section: str, declares: type[Declares]) -> Iterator[str]:
        """The keywords that the file gives: found by its few keys, not by the many that may be declared."""
        keywords, aliases = declares.keywords(), declares.aliases()
        names = dict.fromkeys(key.partition("@")[0] for key in self.items(section))
        if section != DEFAULT:
            inherited = declares.heirs()
            for key in self.items(DEFAULT):
                plain = key.partition("@")[0]
                names.update((name, None) for word in (plain, *_names_in_default(plain)) for name in inherited.get(word, ()))
                names.update({plain: None} if plain in aliases else {})
        elif DRPNODE in names:
            names[DRPNODES] = None
        for name in dict.fromkeys(aliases.get(name, name) for name in names):
            if name in keywords and self.of(section, keywords[name]):
                yield name

    def is_scoped(self, section: str) -> bool:
        """Whether a key of a section has a scope."""
        known = self._known_scoped.get(section)
        if known is None:
            known = self._known_scoped[section] = any("@" in key for key in self.items(section))
        return known

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that apply to this node, the most specific first.

        Where the nodes can't be evaluated, its name alone does: whoever reads them refuses such a file, and `validate` goes on.
        """
        try:
            found = scopes.applying(self._node, self._members)
        except ConfigError:
            return (self._node,)
        return found if self.head == DEFAULT else tuple(scope for scope in found if scope in (self._node, *scopes.OF_HOSTS))

    def line_of(self, section: str, key: str) -> tuple[str, int]:
        """The file and the line of a raw key; of the document itself, and line 0, where it stands nowhere."""
        for document in filter(None, (self._document, self._below)):
            line = document.line_of(section, key)
            if line:
                return document.path, line
        return self._document.path, 0

    def _read(self, section: str) -> dict[str, str]:
        found = self._document.items(section)
        return {**self._below.items(section), **found} if self._below else found


def _names_in_default(word: str) -> tuple[str, ...]:
    """The other names that a word of `[DEFAULT]` has: the one of today, and older ones."""
    keyword = ServiceKeywords.keywords().get(ServiceKeywords.aliases().get(word, word))
    return tuple(name for name in (keyword.name, *keyword.aliases) if name != word) if keyword and keyword.aliases else ()
