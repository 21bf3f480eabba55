"""Edits as people type them: `fs#1.mnt=/srv`, `nodes+=n3`, `fs.disable=true`, and what they make of a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from opensvc_core.config.document import Document
from opensvc_core.config.sections import DEFAULT, FREE, GROUPS, OLDER_DISKS
from opensvc_core.errors import UsageError

_EXPRESSION = re.compile(r"(?P<name>[^=\[]+?)(?:\[(?P<index>\d+)\])?(?P<operator>\+=|-=|\|=|\^=|=)(?P<value>.*)\Z", re.DOTALL)


class Edit(NamedTuple):
    """One change: `operator` is `=` (set), `+=` (append words), `|=` (add words that are absent), `-=` (remove
    words), `^=` (remove words that are there, add those that are absent).

    `place` is where words are put in; None: at the end.
    """

    section: str
    key: str
    operator: str
    value: str
    place: int | None = None


def parse(text: str) -> Edit:
    """Read `[SECTION.]KEY[@SCOPE][[INDEX]]OPERATOR VALUE`. Raises UsageError."""
    match = _EXPRESSION.match(text)
    if match is None:
        raise UsageError(f"{text!r} is no setting; it is SECTION.KEY=VALUE (or +=, -=, |=, ^=)")
    section, key = split(match["name"])
    index = None if match["index"] is None else int(match["index"])
    if index is not None and match["operator"] in ("-=", "^="):
        raise UsageError(f"{text!r}: a word is removed by its value, not by its place")
    return Edit(section, key, match["operator"], match["value"], index)


def split(name: str) -> tuple[str, str]:
    """The section and the key of `fs#1.mnt@n1.example.com`; without a section it is DEFAULT. Raises UsageError."""
    plain, mark, scope = name.strip().partition("@")
    prefix = plain.partition(".")[0]
    section, dot, key = plain.partition(".") if prefix in FREE else plain.rpartition(".")
    section = section if dot else DEFAULT
    if not key or not section:
        raise UsageError(f"{name!r} names no keyword; it is SECTION.KEY")
    return section, f"{key}{mark}{scope}"


def apply(document: Document, edits: Sequence[Edit]) -> Document:
    """The document after all the edits. Raises UsageError, ConfigError."""
    for edit in edits:
        for section in sections(document, edit.section):
            document = document.set(section, edit.key, _value(document.get(section, edit.key), edit))
    return document


def remove(document: Document, names: Sequence[str]) -> Document:
    """The document without these keywords. Raises UsageError for one that is not there."""
    for name in names:
        section, key = split(name)
        found = [one for one in sections(document, section) if document.get(one, key) is not None]
        if not found:
            raise UsageError(f"{name} is not set in {document.path or 'the text'}")
        for one in found:
            document = document.unset(one, key)
    return document


def sections(document: Document, section: str) -> list[str]:
    """The sections that a name means: itself, or for a group (`fs`) all sections of that group. Raises UsageError."""
    if (section not in GROUPS and section not in OLDER_DISKS) or document.has_section(section):
        return [section]
    found = [name for name in document.sections() if name.partition("#")[0] == section]
    if not found:
        raise UsageError(f"no section of the group {section}; a new one is written {section}#NAME.KEY=VALUE")
    return found


def _value(present: str | None, edit: Edit) -> str:
    if edit.operator == "=" and edit.place is None:
        return edit.value
    words, given = (present or "").split(), edit.value.split()
    if edit.operator == "=":
        if edit.place is None or edit.place >= len(words):
            raise UsageError(f"{edit.section}.{edit.key} has {len(words)} words, and none at place {edit.place}")
        words[edit.place] = edit.value
        return " ".join(words)
    if edit.operator == "-=":
        for word in given:
            if word in words:
                words.remove(word)
        return " ".join(words)
    if edit.operator == "^=":
        toggled = dict.fromkeys(given)
        return " ".join([*(word for word in words if word not in toggled), *(word for word in toggled if word not in words)])
    if edit.operator == "|=":
        given = [word for word in dict.fromkeys(given) if word not in words]
    at = len(words) if edit.place is None else edit.place
    return " ".join([*words[:at], *given, *words[at:]])
