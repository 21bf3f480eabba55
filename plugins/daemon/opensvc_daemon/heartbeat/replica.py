"""A replica: a peer's data as far as it was received. What doesn't fit is not applied at all, and asks for the data in full."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from opensvc_daemon.heartbeat.data import Full, Message, Patch
from opensvc_daemon.heartbeat.digests import Digested, digested, plain_digest
from opensvc_daemon.heartbeat.errors import HeartbeatError
from opensvc_daemon.heartbeat.tree import Tree, alike, applied


class Outcome(Enum):
    """What became of a message; the value says it."""

    APPLIED = "applied"
    KNOWN = "known before"
    GAP = "changes of data that is not here: all of it is asked for"
    BROKEN = "comes to something else than its sender has: all of it is asked for"


@dataclass(frozen=True)
class Replica:
    """The data of a peer's life up to a generation (0: none yet).

    is_lost -- only a full message leads on from here
    is_plain -- the peer is of a version that knows plain digests alone, by what it has sent
    """

    incarnation: int = 0
    generation: int = 0
    received_data: Digested | None = None
    is_lost: bool = False
    is_plain: bool = False

    @property
    def data(self) -> Tree:
        """What was received of it."""
        return self.received_data.tree if self.received_data is not None else {}

    def merged(self, incarnation: int) -> int:
        """What our beat says: up to which generation we have the data of this life; 0 asks for all."""
        return self.generation if incarnation == self.incarnation and not self.is_lost else 0

    def received(self, incarnation: int, message: Message, like: Tree | None = None) -> tuple[Replica, Outcome]:
        """What becomes of it by a message of the peer's believed life; of another one there must be none.

        `like`: a tree whose parts are taken wherever they are the same, such as our own.
        """
        if isinstance(message, Full):
            return self._filled(incarnation, message, like or {})
        return self._patched(incarnation, message, like or {})

    def _filled(self, incarnation: int, full: Full, like: Tree) -> tuple[Replica, Outcome]:
        behind = self.generation - full.generation
        if incarnation == self.incarnation and (behind > 0 or (behind == 0 and not self.is_lost)):
            return self, Outcome.KNOWN
        found = _proven(full.digest, alike(full.data, like), None)
        if found is None:
            return self._lost(Outcome.BROKEN)
        return Replica(incarnation, full.generation, found, is_plain=full.digest != found.digest), Outcome.APPLIED

    def _patched(self, incarnation: int, patch: Patch, like: Tree) -> tuple[Replica, Outcome]:
        if incarnation != self.incarnation:
            return self, Outcome.GAP
        if patch.generation <= self.generation:
            return self, Outcome.KNOWN
        if self.is_lost or patch.base > self.generation:
            return self._lost(Outcome.GAP)
        found = self._changed(patch, like)
        if found is None:
            return self._lost(Outcome.BROKEN)
        return replace(self, generation=patch.generation, received_data=found), Outcome.APPLIED

    def _changed(self, patch: Patch, like: Tree) -> Digested | None:
        data = self.data
        try:
            for delta in patch.deltas[self.generation - patch.base :]:
                data = applied(data, (change.alike(like) for change in delta))
        except HeartbeatError:
            return None
        return _proven(patch.digest, data, self.received_data)

    def _lost(self, outcome: Outcome) -> tuple[Replica, Outcome]:
        return replace(self, is_lost=True), outcome


def _proven(expected: str, data: Tree, before: Digested | None) -> Digested | None:
    """Data that has a digest, be it plain; None: it has another one, or is too deep and has none."""
    try:
        found = digested(data, before)
        return found if expected == found.digest or expected == plain_digest(data) else None
    except HeartbeatError:
        return None
