"""A replica: a peer's data as far as it was received. What doesn't fit is not applied at all, and asks for the data in full."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from opensvc_daemon.heartbeat.data import Full, Message, Patch
from opensvc_daemon.heartbeat.errors import HeartbeatError
from opensvc_daemon.heartbeat.tree import Tree, applied, digest


class Outcome(Enum):
    """What became of a message; the value says it."""

    APPLIED = "applied"
    KNOWN = "known before"
    GAP = "changes of data that is not here: all of it is asked for"
    BROKEN = "comes to something else than its sender has: all of it is asked for"


@dataclass(frozen=True)
class Replica:
    """The data of a peer's life up to a generation (0: none yet). `is_lost`: only a full message leads on from here."""

    incarnation: int = 0
    generation: int = 0
    data: Tree = field(default_factory=dict)
    is_lost: bool = False

    def merged(self, incarnation: int) -> int:
        """What our beat says: up to which generation we have the data of this life; 0 asks for all."""
        return self.generation if incarnation == self.incarnation and not self.is_lost else 0

    def received(self, incarnation: int, message: Message) -> tuple[Replica, Outcome]:
        """What becomes of it by a message of the peer's believed life; of another one there must be none."""
        if isinstance(message, Full):
            return self._filled(incarnation, message)
        return self._patched(incarnation, message)

    def _filled(self, incarnation: int, full: Full) -> tuple[Replica, Outcome]:
        behind = self.generation - full.generation
        if incarnation == self.incarnation and (behind > 0 or (behind == 0 and not self.is_lost)):
            return self, Outcome.KNOWN
        if not _is_of(full.digest, full.data):
            return self._lost(Outcome.BROKEN)
        return Replica(incarnation, full.generation, full.data), Outcome.APPLIED

    def _patched(self, incarnation: int, patch: Patch) -> tuple[Replica, Outcome]:
        if incarnation != self.incarnation:
            return self, Outcome.GAP
        if patch.generation <= self.generation:
            return self, Outcome.KNOWN
        if self.is_lost or patch.base > self.generation:
            return self._lost(Outcome.GAP)
        data = self._changed(patch)
        if data is None:
            return self._lost(Outcome.BROKEN)
        return replace(self, generation=patch.generation, data=data), Outcome.APPLIED

    def _changed(self, patch: Patch) -> Tree | None:
        data = self.data
        try:
            for delta in patch.deltas[self.generation - patch.base :]:
                data = applied(data, delta)
        except HeartbeatError:
            return None
        return data if _is_of(patch.digest, data) else None

    def _lost(self, outcome: Outcome) -> tuple[Replica, Outcome]:
        return replace(self, is_lost=True), outcome


def _is_of(expected: str, data: Tree) -> bool:
    """Whether data has a digest; what is too deep has none."""
    try:
        return digest(data) == expected
    except HeartbeatError:
        return False
