"""Actions: what `service -A` may do in each state. Pure; the matrix is OpenHA's."""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from opensvc_openha.states import AT_REST, State


@unique
class Action(Enum):
    """The words after `service -A SERVICE`."""

    START = "start"
    STOP = "stop"
    FREEZE_STOP = "freeze-stop"
    FREEZE_START = "freeze-start"
    UNFREEZE = "unfreeze"
    FORCE_STOP = "force-stop"
    FORCE_START = "force-start"


@unique
class Way(Enum):
    """What an action does."""

    RECORD = "record"  # only a state is written
    STOP = "stop"  # the script stops the service first
    START = "start"  # the manager starts the service first


_ROWS: Final[dict[Action, dict[State, tuple[Way, State]]]] = {
    Action.START: {state: (Way.START, State.STARTED) for state in (State.STOPPED, State.UNKNOWN)},
    Action.STOP: {state: (Way.STOP, State.STOPPED) for state in (State.STARTED, State.UNKNOWN)},
    Action.FREEZE_STOP: {
        **{state: (Way.RECORD, State.FROZEN_STOP) for state in (State.STOPPED, State.START_FAILED, State.STOP_FAILED)},
        State.STARTED: (Way.STOP, State.FROZEN_STOP),
    },
    Action.FREEZE_START: {State.STARTED: (Way.RECORD, State.START_READY), State.STOPPED: (Way.START, State.START_READY)},
    Action.UNFREEZE: {State.FROZEN_STOP: (Way.RECORD, State.STOPPED), State.START_READY: (Way.RECORD, State.STARTED)},
    Action.FORCE_STOP: {state: (Way.RECORD, State.STOPPED) for state in State},
    Action.FORCE_START: {state: (Way.RECORD, State.STARTED) for state in State},
}


def allowed(action: Action, own: State | None, peer: State | None, *, is_grace: bool) -> tuple[Way, State] | None:
    """How an action is done and the state that it leads to; None: not in this state.

    `is_grace`: START_READY is the manager's own, nothing was started yet. A state that nobody knows can be forced only.
    """
    if own is None:
        own = State.FORCE_STOP
    if own is State.START_READY and is_grace and action is Action.UNFREEZE:
        return None
    found = _ROWS[action].get(own)
    return None if found and found[0] is Way.START and peer not in AT_REST else found


_BEFORE: Final = {
    Action.STOP: "Ready to stop {service}: partner node is {peer} we are {own}",
    Action.START: "Ready to start {service}: partner node is {peer} , we are {own}",
    Action.FREEZE_STOP: "Ready to FREEZE, we are {own}",
    Action.FREEZE_START: "Ready to FREEZE {service}: we are {own}",
    Action.UNFREEZE: "Ready to UNFREEZE, we are ({own})",
    Action.FORCE_STOP: "Ready to force stop {service}: partner node is {peer}, we are {own}",
    Action.FORCE_START: "Ready to force start {service}: partner node is  {peer}, we are {own}",
}
_AFTER: Final = {
    Action.STOP: ("Service {service} successfully stopped", "failed to stop {service}"),
    Action.START: ("Service {service} successfully started", "failed to start {service}. State is now {own}"),
    Action.FREEZE_STOP: ("Service {service} FROZEN-STOP", "error in stopping service {service}"),
    Action.FREEZE_START: ("Service {service} FROZEN-START", "Warning: error in starting service {service}"),
    Action.UNFREEZE: ("Service {service} UNFROZEN", ""),
    Action.FORCE_STOP: ("Service {service} successfully stopped", ""),
    Action.FORCE_START: ("Service {service} forced to started", ""),
}
_REFUSED: Final = {
    Action.STOP: "Cannot stop {service}: service not in correct state (partner node is {peer}, we are {own})",
    Action.START: "Cannot start {service}: service not in correct state (partner node is {peer}, we are {own})",
    Action.FREEZE_STOP: "Cannot FREEZE-STOP {service}: service not in STARTED/STOPPED state (we are {own})",
    Action.FREEZE_START: "Cannot FREEZE-START {service}: service not in STARTED/STOPPED state (we are {own}),",
    Action.UNFREEZE: "Cannot UNFREEZE {service}: not in FREEZE state (we are {own})",
}


def before(action: Action) -> str:
    """What is said before it is done."""
    return _BEFORE[action]


def after(action: Action, *, is_done: bool) -> str:
    """What is said afterwards."""
    return _AFTER[action][0 if is_done else 1]


def refused(action: Action) -> str:
    """What is said where it is not allowed."""
    return _REFUSED[action]
