"""What people asked the cluster to do with a service, and how far that is."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, unique
from typing import NamedTuple


@unique
class Wish(Enum):
    """What is wanted of a service as a whole."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    FREEZE = "freeze"
    THAW = "thaw"
    SWITCH = "switch"
    TAKEOVER = "takeover"
    GIVEBACK = "giveback"
    PROVISION = "provision"
    UNPROVISION = "unprovision"
    PURGE = "purge"
    DELETE = "delete"
    SHUTDOWN = "shutdown"
    CLEAR = "clear"
    ABORT = "abort"

    __hash__ = object.__hash__  # as in MonitorState


@unique
class Progress(Enum):
    """How far a request is. What has ended stays ended."""

    ACTIVE = "active"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    ABORTED = "aborted"

    __hash__ = object.__hash__  # as in MonitorState


class Request(NamedTuple):
    """One order of a person.

    `sequence` is one more than the highest that the node knew which took the order; with the node's name it orders all
    requests, without a clock. `to`: the nodes that a switch names, or the one that takes over. `removing`: the sequence of the last
    request before it that was to remove what the service stands on, and was not done when this one took its place; 0: there was none.
    """

    id: str
    wish: Wish
    sequence: int = 1
    origin: str = ""
    to: tuple[str, ...] = ()
    progress: Progress = Progress.ACTIVE
    why: str = ""
    removing: int = 0

    @property
    def is_active(self) -> bool:
        """It is still to be followed."""
        return self.progress is Progress.ACTIVE

    @property
    def last_removal(self) -> int:
        """The sequence of the last request, this one or before it, by which a node may still be removing something; 0: none."""
        return self.sequence if self.wish in REMOVALS and self.progress is not Progress.DONE else self.removing

    def ended(self, progress: Progress, why: str = "") -> Request:
        """The same, at its end."""
        return self._replace(progress=progress, why=why)


# They take away what the service stands on, its data with it.
REMOVALS = frozenset({Wish.UNPROVISION, Wish.PURGE})
_ENDS = list(Progress)


def latest(requests: Iterable[Request | None]) -> Request | None:
    """The request that counts among those that the nodes know: the latest, and ended if one node knows that it has ended.

    A join: order and repetition don't matter.
    """
    known = [request for request in requests if request is not None]
    return max(known, key=_order, default=None)


def _order(request: Request) -> tuple[object, ...]:
    """All of it takes part: two nodes may end a request at the same time and give different reasons."""
    end = (_ENDS.index(request.progress), request.why)
    return request.sequence, request.origin, request.id, *end, request.wish.value, request.to, request.removing
