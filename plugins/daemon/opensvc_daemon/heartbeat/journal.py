"""A journal: a node's own data, its generation, and the last changes, so that each peer is sent what it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from opensvc_daemon.heartbeat.data import Full, Message, Patch, size_of
from opensvc_daemon.heartbeat.digests import Digested, digested
from opensvc_daemon.heartbeat.tree import Change, Tree, copied, differences

# A peer that lacks more than so many generations is sent all.
KEPT: Final = 100


class Delta(NamedTuple):
    """The changes of one generation, and how many bytes they take in a patch."""

    changes: tuple[Change, ...]
    size: int


@dataclass(frozen=True)
class Journal:
    """Data, its generation from 1 on, and the deltas that led to it, the newest last."""

    own: Digested
    generation: int = 1
    deltas: tuple[Delta, ...] = ()

    @property
    def data(self) -> Tree:
        """The data of this generation."""
        return self.own.tree

    def changed(self, data: Tree) -> Journal:
        """The same after the data became this; the same generation where nothing changed. Raises Unsendable: it is no JSON."""
        return self.replaced(copied(data))

    def replaced(self, data: Tree) -> Journal:
        """The same as `changed`, of data that is shared and that nobody changes afterwards: what is the same object costs nothing.

        Raises Unsendable.
        """
        changes = differences(self.data, data)
        if not changes:
            return self
        delta = Delta(changes, size_of(changes))
        return Journal(digested(data, self.own), self.generation + 1, (*self.deltas, delta)[-KEPT:])

    def message(self, merged: int) -> Message | None:
        """What a peer lacks that has merged up to a generation (0: nothing, or it asks for all); None: nothing."""
        if merged == self.generation:
            return None
        lacking = self.generation - merged
        if merged <= 0 or lacking < 0 or lacking > len(self.deltas):
            return self._full()
        deltas = self.deltas[-lacking:]
        if sum(delta.size for delta in deltas) > self.own.size:
            return self._full()
        return Patch(merged, self.own.digest, tuple(delta.changes for delta in deltas))

    def merged_by(self, merged: Iterable[int]) -> Journal:
        """The same without the deltas that no peer lacks, given what each has merged; who has merged nothing is sent all anyway."""
        lacking = max((self.generation - each for each in merged if each > 0), default=0)
        return replace(self, deltas=self.deltas[-lacking:] if lacking > 0 else ())

    def _full(self) -> Full:
        return Full(self.generation, self.own.digest, self.data)


def journal_of(data: Tree) -> Journal:
    """The journal of a life that begins. Raises Unsendable: the data is no JSON."""
    return Journal(digested(copied(data)))
