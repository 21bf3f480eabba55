"""The machine: what a node does with one of its services, from what it sees. Pure: time and the world are arguments.

It starts what is stopped here while it is at rest on the peer, in the order START_READY, STARTING, STARTED, and gives way to the peer
where both want to. It never stops, restarts or probes a service, save one that is found STARTED on both nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, unique
from typing import Final, NamedTuple

from opensvc_openha.liveness import Liveness
from opensvc_openha.options import Split
from opensvc_openha.states import AT_REST, State

# Seconds: how long a start waits to see what the peer does; how much longer for a peer that is at START_READY too, or has not answered;
# until a fence that failed is tried again; how long a service is seen STARTED on both nodes before one of them stops it.
GRACE: Final = 5.0
PATIENCE: Final = 6.0
AGAIN: Final = 30.0
CERTAIN: Final = 3.0


@unique
class Stage(Enum):
    """How far a start has come, or that a service is being stopped."""

    IDLE = "idle"
    GRACE = "grace"
    FENCING = "fencing"
    CHECKING = "checking"
    STARTING = "starting"
    STOPPING = "stopping"


@unique
class Work(Enum):
    """What takes its time and is carried out beside the machine."""

    FENCE = "fence"
    CHECK = "check"
    START = "start"
    STOP = "stop"


@dataclass(frozen=True)
class View:
    """What a pass sees of a service. `own` and `peer` are None where a state file holds garbage.

    `round` is the number of this pass. `answered` is the newest round of ours that the peer's manager had looked at when it said `peer`;
    None: the peer does not tell, as the C implementation. `heard`: records of the peer that came so far. `ran_here`,
    `peer_ran_here`: which of the nodes had the service STARTED last. `slow`: the timeout in seconds where disks alone are heard, else 0.
    """

    own: State | None
    peer: State | None
    is_primary: bool
    link: Liveness
    round: int = 0
    answered: int | None = None
    heard: int = 0
    ran_here: bool = False
    peer_ran_here: bool = False
    is_guarded: bool = False
    slow: float = 0.0
    split: Split = Split.STOP_SECONDARY


@dataclass(frozen=True)
class Progress:
    """What the machine remembers of a service between two passes. `is_fenced`: the fence has confirmed that the peer is dead."""

    stage: Stage = Stage.IDLE
    since: float = 0.0
    peer: State = State.UNKNOWN
    round: int = 0
    heard: int = 0
    not_before: float = 0.0
    both_since: float | None = None
    is_fenced: bool = False


class Order(NamedTuple):
    """What is to be done: a state to record, a work to begin, a word to the log; in this order.

    `is_confirmed`: who begins the work may take the peer to be dead.
    """

    state: State | None = None
    work: Work | None = None
    text: str = ""
    is_grave: bool = False
    is_confirmed: bool = False


class Step(NamedTuple):
    """What a pass came to."""

    progress: Progress
    orders: tuple[Order, ...] = ()


def step(progress: Progress, view: View, now: float, *, done: bool | None = None) -> Step:
    """One pass, at `now` in monotonic seconds. `done` tells how the work that was begun has ended; None: it has not."""
    if progress.stage is Stage.IDLE:
        return _idle(progress, view, now)
    if progress.stage is Stage.GRACE:
        return _grace(progress, view, now)
    if done is None:
        # who is heard again lives: what the fence has confirmed is true no more
        return Step(replace(progress, is_fenced=progress.is_fenced and view.link is not Liveness.UP))
    return _WHEN_DONE[progress.stage](progress, view, now, done)


# -- stages


def _idle(progress: Progress, view: View, now: float) -> Step:
    if view.own is State.STARTED and view.peer is State.STARTED and view.link is Liveness.UP:
        return _both(progress, view, now)
    progress = replace(progress, both_since=None)
    if view.own not in (State.STOPPED, State.UNKNOWN) or view.peer not in AT_REST or now < progress.not_before:
        return Step(progress)
    if view.link is Liveness.BLIND:
        return Step(progress)
    begun = Progress(Stage.GRACE, now, view.peer, view.round, view.heard)
    return Step(begun, (Order(State.START_READY, text=f"Ready to start {{service}}: partner node is {view.peer} , we are {view.own}"),))


def _both(progress: Progress, view: View, now: float) -> Step:
    if progress.both_since is None:
        text = "service {service} is STARTED on both nodes"
        return Step(replace(progress, both_since=now), (Order(text=text, is_grave=True),))
    if view.is_primary or view.split is Split.KEEP or now - progress.both_since < CERTAIN:
        return Step(progress)
    text = "stopping service {service} on this node, the secondary one, because it is STARTED on both"
    return Step(Progress(Stage.STOPPING, now), (Order(State.STOPPING, Work.STOP, text, is_grave=True),))


def _grace(progress: Progress, view: View, now: float) -> Step:
    waited = now - progress.since
    if view.own is not State.START_READY:
        return _given_up(view)
    if view.peer is State.START_READY:
        is_waiting = waited < GRACE + PATIENCE + view.slow if _is_senior(view) else waited < GRACE and view.answered is None
    elif waited < _grace_time(view):
        is_waiting = True
    elif view.peer not in AT_REST or _has_unsettled(progress, view) or view.link is Liveness.BLIND:
        is_waiting = False
    elif view.link is Liveness.DOWN or _has_agreed(progress, view):
        return _alone(progress, view, now)
    else:
        is_waiting = waited < GRACE + PATIENCE + view.slow
    return Step(progress) if is_waiting else _rolled_back(progress, view, now)


def _alone(progress: Progress, view: View, now: float) -> Step:
    """Nobody else starts it: go on, after the fence where the peer's silence is all that is known and a guard is asked for."""
    if view.link is Liveness.DOWN and view.is_guarded:
        text = "partner node of service {service} is UNKNOWN: it is fenced before the start"
        return Step(replace(progress, stage=Stage.FENCING, since=now), (Order(work=Work.FENCE, text=text),))
    return _to_check(progress, now)


def _fenced(progress: Progress, view: View, now: float, done: bool) -> Step:
    if view.own is not State.START_READY:
        return _given_up(view)
    if not done:
        text = f"fence failed: service {{service}} is not started; next attempt in {AGAIN:.0f} seconds"
        return Step(Progress(not_before=now + AGAIN), (Order(State.STOPPED, text=text, is_grave=True),))
    if view.link is Liveness.UP:
        return _rolled_back(progress, view, now)
    return _to_check(replace(progress, is_fenced=True), now)


def _checked(progress: Progress, view: View, now: float, done: bool) -> Step:
    if view.own is not State.STARTING:
        return _given_up(view)
    if view.link is Liveness.UP and view.peer in (State.STARTING, State.STARTED):  # a link has healed meanwhile
        return _rolled_back(progress, view, now)
    if not done:
        text = "Service {service} check script failed. State is now START_FAILED"
        return Step(Progress(), (Order(State.START_FAILED, text=text, is_grave=True),))
    begun = Progress(Stage.STARTING, now)
    is_confirmed = progress.is_fenced and view.link is not Liveness.UP  # a peer that is back may hold what it held before
    return Step(begun, (Order(work=Work.START, text="Check script for service {service} OK", is_confirmed=is_confirmed),))


def _started(progress: Progress, view: View, now: float, done: bool) -> Step:
    if done:
        return Step(Progress(), (Order(State.STARTED, text="Service {service} successfully started"),))
    return Step(Progress(), (Order(State.START_FAILED, text="failed to start {service}. State is now start-failed", is_grave=True),))


def _stopped(progress: Progress, view: View, now: float, done: bool) -> Step:
    if done:
        return Step(Progress(), (Order(State.STOPPED, text="Service {service} successfully stopped"),))
    return Step(Progress(), (Order(State.STOP_FAILED, text="failed to stop {service}", is_grave=True),))


_WHEN_DONE: Final = {Stage.FENCING: _fenced, Stage.CHECKING: _checked, Stage.STARTING: _started, Stage.STOPPING: _stopped}


# -- decisions in the grace period


def _is_senior(view: View) -> bool:
    """Who goes on where both are ready: the node that had it last, where both tell and one has; else the primary."""
    if view.answered is not None and view.ran_here is not view.peer_ran_here:
        return view.ran_here
    return view.is_primary


def _grace_time(view: View) -> float:
    """How long to wait: a C implementation on a disk shows its states as late as the timeout."""
    is_late = view.slow and not view.is_primary and view.link is Liveness.UP and view.answered is None
    return max(GRACE, view.slow + 2) if is_late else GRACE


def _has_agreed(progress: Progress, view: View) -> bool:
    """Whether the peer, at rest, knew that this node is about to start: then it will not.

    A peer that does not tell what it knows has at least been heard meanwhile, where a guard is asked for.
    """
    if view.answered is not None:
        return view.answered > progress.round and view.peer in (State.STOPPED, State.FROZEN_STOP)
    return not view.is_guarded or (view.heard >= progress.heard + 3 and view.peer is not State.UNKNOWN)


def _has_unsettled(progress: Progress, view: View) -> bool:
    """Whether any change on the peer is reason enough to give way: for the secondary, towards a peer that does not answer."""
    return view.peer is not progress.peer and not view.is_primary and view.answered is None


def _to_check(progress: Progress, now: float) -> Step:
    return Step(replace(progress, stage=Stage.CHECKING, since=now), (Order(State.STARTING, Work.CHECK),))


def _given_up(view: View) -> Step:
    return Step(Progress(), (Order(text=f"start of service {{service}} given up: its state was set to {view.own}"),))


def _rolled_back(progress: Progress, view: View, now: float) -> Step:
    changed = (
        f"service {{service}} state has changed on partner node from {progress.peer} to {view.peer} during the grace period"
        if view.peer is not progress.peer
        else "partner node did not answer during the grace period of service {service}"
    )
    return Step(Progress(not_before=now + 2), (Order(State.STOPPED, text=f"{changed}: rollback service {{service}} state to STOPPED"),))
