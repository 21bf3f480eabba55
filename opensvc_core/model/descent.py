"""Descent: from which edits a file of configuration has come, so that of two copies the newer one is known, or that none is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import NamedTuple


@unique
class Relation(Enum):
    """How one copy of a file stands to another."""

    SAME = "same"
    OLDER = "older"
    NEWER = "newer"
    DIVERGED = "diverged"


class Descent(NamedTuple):
    """The digest of a file's text, and how many edits each node has made of it: a vector of generations by node."""

    digest: str = ""
    generations: Mapping[str, int] = {}

    def edited(self, node: str, digest: str) -> Descent:
        """After an edit on a node; an edit that changes nothing is none."""
        if digest == self.digest:
            return self
        return Descent(digest, {**self.generations, node: self.generations.get(node, 0) + 1})

    def merged(self, other: Descent) -> Descent:
        """This text, known to have come after the other one as well: what a person's decision between two copies makes."""
        nodes = {**self.generations, **other.generations}
        return Descent(self.digest, {node: max(self.generations.get(node, 0), other.generations.get(node, 0)) for node in nodes})

    def relation(self, other: Descent) -> Relation:
        """How this copy stands to the other one. Two texts of the same generations have diverged: one of them was not told."""
        if self.digest == other.digest:
            return Relation.SAME
        nodes = {**self.generations, **other.generations}
        behind = any(self.generations.get(node, 0) < other.generations.get(node, 0) for node in nodes)
        ahead = any(self.generations.get(node, 0) > other.generations.get(node, 0) for node in nodes)
        if ahead == behind:
            return Relation.DIVERGED
        return Relation.NEWER if ahead else Relation.OLDER


def read_descent(text: str) -> Descent | None:
    """A descent from its JSON; None where it is none."""
    import json  # noqa: PLC0415 - a status reads none

    try:
        known = json.loads(text)
        return Descent(str(known["digest"]), {str(node): int(count) for node, count in known["generations"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
