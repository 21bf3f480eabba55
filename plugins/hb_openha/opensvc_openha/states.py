"""States: what a node says of a service, as the codes that stand in state files and records."""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final


@unique
class State(IntEnum):
    """The state of a service on one node; the value is OpenHA's code."""

    STOPPED = 0
    STOPPING = 1
    STARTED = 2
    STARTING = 3
    START_FAILED = 4
    STOP_FAILED = 5
    FROZEN_STOP = 6
    START_READY = 7
    UNKNOWN = 8
    FORCE_STOP = 9

    def __str__(self) -> str:
        return self.name


INITIAL: Final = State.FROZEN_STOP
# What a service may be doing on the peer while this node starts it.
AT_REST: Final = frozenset({State.STOPPED, State.FROZEN_STOP, State.UNKNOWN})


def read_state(content: bytes) -> State | None:
    """The state in a state file, of which only the first byte counts; None where that is no digit: then nobody knows.

    The C implementation takes a letter for STOPPED, which may start a service twice; an empty file is UNKNOWN to it as well.
    """
    first = content[:1]
    return State(int(first)) if first in b"0123456789" and first else None


def recovered(own: State | None, *, is_grace: bool) -> State | None:
    """The state to record for one that a manager left behind when it died; None: it stays.

    `is_grace`: START_READY was the manager's own, not an administrator's. A script that was running may have done anything.
    """
    if own is State.START_READY and is_grace:
        return State.STOPPED
    return {State.STARTING: State.START_FAILED, State.STOPPING: State.STOP_FAILED}.get(own) if own is not None else None


def written(state: State) -> bytes:
    """What a state file holds: the digit and a NUL."""
    return b"%d\0" % state
