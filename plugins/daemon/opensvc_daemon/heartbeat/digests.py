"""Digests: what a tree comes to, by way of its branches, so that of a large tree only what has changed is gone through."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from opensvc_daemon.heartbeat.tree import DEEPEST, Tree, Value, canonical

# The tree and what hangs on it directly, such as the services as a whole, have branches with digests of their own.
_LEVELS: Final = 2


class Digested(NamedTuple):
    """A tree that nobody changes any more.

    digest -- SHA-256 in hexadecimal, over the values and the digests of the branches
    size -- bytes of it all as JSON, about
    """

    tree: Tree
    digest: str
    size: int
    branches: Mapping[str, Digested]


def digested(tree: Tree, before: Digested | None = None, *, levels: int = _LEVELS, deepest: int = DEEPEST) -> Digested:
    """A tree with its digest. Of `before`, an older one, branches that are the same objects are taken as they are.

    Raises Unsendable: it is no JSON, or too deep.
    """
    values: dict[str, Value] = {}
    branches: dict[str, Digested] = {}
    for key, value in tree.items():
        if levels and isinstance(value, dict):
            known = before.branches.get(key) if before else None
            is_same = known is not None and known.tree is value
            branches[key] = known if known and is_same else digested(value, known, levels=levels - 1, deepest=deepest - 1)
        else:
            values[key] = value
    # a list around two trees: one level more
    text = canonical([values, {key: branch.digest for key, branch in branches.items()}], deepest + 1)
    size = len(text) + sum(branch.size for branch in branches.values())
    return Digested(tree, hashlib.sha256(text).hexdigest(), size, branches)


def plain_digest(tree: Tree) -> str:
    """That of the first versions of protocol 1: SHA-256 in hexadecimal over the tree as a whole. Raises Unsendable."""
    return hashlib.sha256(canonical(tree)).hexdigest()


def digest(tree: Tree) -> str:
    """The digest of a tree. Raises Unsendable."""
    return digested(tree).digest
