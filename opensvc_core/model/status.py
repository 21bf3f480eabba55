"""The status of a resource, and the algebra that merges several into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, unique
from typing import NamedTuple


@unique
class Status(Enum):
    """What was seen of a resource, an instance or a service. The value is the text that people read."""

    UP = "up"
    DOWN = "down"
    WARN = "warn"
    NA = "n/a"
    UNDEF = "undef"
    STDBY_UP = "stdby up"
    STDBY_DOWN = "stdby down"

    __hash__ = object.__hash__  # Enum's own is a call in Python, and each look into a set of them needs one

    @property
    def code(self) -> int:
        """The exit code of the `status` command: 0 up, 1 down, 2 warn, 3 n/a, 5 undef, 6 stdby up, 7 stdby down."""
        return _CODES[self]

    def __str__(self) -> str:
        return self.value

    def because(self, *texts: str, level: str = "warn") -> Observation:
        """This status with messages of one level (`info`, `warn` or `error`) that say why."""
        return Observation(self, tuple(Message(level, text) for text in texts))


_CODES = {
    Status.UP: 0,
    Status.DOWN: 1,
    Status.WARN: 2,
    Status.NA: 3,
    Status.UNDEF: 5,
    Status.STDBY_UP: 6,
    Status.STDBY_DOWN: 7,
}


class Message(NamedTuple):
    """A line that a resource has to say beside its status; `level` is `info`, `warn` or `error`."""

    level: str
    text: str


class Observation(NamedTuple):
    """A status with its messages and, for machines, some facts about what was seen."""

    status: Status
    messages: tuple[Message, ...] = ()
    info: Mapping[str, str] = {}


# What a set of kinds comes to; n/a is neutral and stands in none of them. Any other set is `warn`.
_MERGES: dict[frozenset[Status], Status] = {
    frozenset(): Status.NA,
    frozenset({Status.UP}): Status.UP,
    frozenset({Status.DOWN}): Status.DOWN,
    frozenset({Status.UNDEF}): Status.UNDEF,
    frozenset({Status.STDBY_UP}): Status.STDBY_UP,
    frozenset({Status.STDBY_DOWN}): Status.STDBY_DOWN,
    frozenset({Status.UP, Status.STDBY_UP}): Status.UP,
    frozenset({Status.DOWN, Status.STDBY_UP}): Status.STDBY_UP,
    frozenset({Status.DOWN, Status.STDBY_DOWN}): Status.STDBY_DOWN,
}


def merge(statuses: Iterable[Status]) -> Status:
    """Merge the statuses of resources into one.

    The merge is a join over the *set* of kinds present, so order and repetition don't matter. To merge
    groups, merge all their resources at once: a merged status no longer says which kinds it was made of.
    """
    return _MERGES.get(frozenset(statuses) - {Status.NA}, Status.WARN)


def as_standby(status: Status) -> Status:
    """The status of a standby resource that was seen `up` or `down`; other statuses stay."""
    return {Status.UP: Status.STDBY_UP, Status.DOWN: Status.STDBY_DOWN}.get(status, status)
