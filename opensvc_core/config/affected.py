"""What an edit affects: the sections that it touches, those that refer to them, whatever the way between, and their reservations."""

from __future__ import annotations

from collections.abc import Mapping

from opensvc_core.config.document import Document
from opensvc_core.config.sections import RESERVATION, is_resource
from opensvc_core.config.service import DEFAULT


def affected(before: Document, after: Document) -> frozenset[str] | None:
    """The sections whose findings may differ after an edit; None: those of all sections may, because `[DEFAULT]` was edited."""
    found = set(before.differing(after))
    if DEFAULT in found:
        return None
    texts = {name: text for name in after.sections() if (text := _reading(after.items(name)))}
    names = found
    while names:
        marks = tuple(name if is_resource(name) else f"{name}." for name in names)
        names = {name for name, text in texts.items() if name not in found and any(mark in text for mark in marks)}
        found |= names
    return frozenset((*found, *(name for name in after.sections() if name.removesuffix(RESERVATION) in found)))


def _reading(items: Mapping[str, str]) -> str:
    """The values of a section that may name other sections: those with references, and what a resource requires."""
    return "\n".join(value for key, value in items.items() if "{" in value or "<" in value or "_requires" in key)
