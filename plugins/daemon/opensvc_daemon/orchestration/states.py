"""The states of an instance's monitor and of a node's monitor, and the transitions that there are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique


@unique
class MonitorState(Enum):
    """What a node's monitor is doing with its instance of a service. The value is the word that people read."""

    IDLE = "idle"
    READY = "ready"
    WAIT_PARENTS = "wait parents"
    WAIT_CHILDREN = "wait children"
    STARTING = "starting"
    START_FAILED = "start failed"
    STOPPING = "stopping"
    STOP_FAILED = "stop failed"
    RESTARTING = "restarting"
    RESTART_FAILED = "restart failed"
    FREEZING = "freezing"
    FREEZE_FAILED = "freeze failed"
    THAWING = "thawing"
    THAW_FAILED = "thaw failed"
    PROVISIONING = "provisioning"
    PROVISION_FAILED = "provision failed"
    UNPROVISIONING = "unprovisioning"
    UNPROVISION_FAILED = "unprovision failed"
    DELETING = "deleting"
    DELETE_FAILED = "delete failed"
    PURGING = "purging"
    PURGE_FAILED = "purge failed"
    SHUTTING = "shutting"
    SHUTDOWN_FAILED = "shutdown failed"

    __hash__ = object.__hash__  # Enum's own is a call in Python, and each look into a set of them needs one

    @property
    def is_acting(self) -> bool:
        """An action is under way."""
        return self in ACTING

    @property
    def is_failed(self) -> bool:
        """An action failed: orchestration leaves the instance alone until `clear`."""
        return self in FAILED

    @property
    def is_open(self) -> bool:
        """The daemon may give orders."""
        return self in OPEN


# The state while an action runs: the action, and the state when it has failed.
ACTIONS: Mapping[MonitorState, tuple[str, MonitorState]] = {
    MonitorState.STARTING: ("start", MonitorState.START_FAILED),
    MonitorState.STOPPING: ("stop", MonitorState.STOP_FAILED),
    MonitorState.RESTARTING: ("restart", MonitorState.RESTART_FAILED),
    MonitorState.FREEZING: ("freeze", MonitorState.FREEZE_FAILED),
    MonitorState.THAWING: ("thaw", MonitorState.THAW_FAILED),
    MonitorState.PROVISIONING: ("provision", MonitorState.PROVISION_FAILED),
    MonitorState.UNPROVISIONING: ("unprovision", MonitorState.UNPROVISION_FAILED),
    MonitorState.DELETING: ("delete", MonitorState.DELETE_FAILED),
    MonitorState.PURGING: ("purge", MonitorState.PURGE_FAILED),
    MonitorState.SHUTTING: ("shutdown", MonitorState.SHUTDOWN_FAILED),
}
# The monitor actions are stops: `freezestop` freezes first, `switch` ends in `start failed`, so that another node is chosen.
STATE_OF: Mapping[str, MonitorState] = {action: state for state, (action, _) in ACTIONS.items()} | {
    "freezestop": MonitorState.STOPPING,
    "switch": MonitorState.STOPPING,
}
ACTING = frozenset(ACTIONS)
# What makes it active, or may: an abort ends it.
RISING = frozenset({MonitorState.STARTING, MonitorState.RESTARTING, MonitorState.PROVISIONING})
REMOVING = frozenset({MonitorState.UNPROVISIONING, MonitorState.PURGING})
FAILED = frozenset(failed for _, failed in ACTIONS.values())
OPEN = frozenset({MonitorState.IDLE, MonitorState.READY, MonitorState.WAIT_PARENTS, MonitorState.WAIT_CHILDREN})
# What a person may order where an action has failed.
WAYS_OUT = ("stop", "freeze", "thaw", "shutdown", "unprovision", "purge", "delete")


def _transitions() -> dict[MonitorState, dict[str, MonitorState]]:
    """From each state, by what happens: announcements, orders, ends of actions."""
    table: dict[MonitorState, dict[str, MonitorState]] = {state: {} for state in MonitorState}
    announced = [state for state in MonitorState if state in OPEN]
    for state in announced:
        table[state] = {waiting.value: waiting for waiting in announced if waiting is not state} | dict(STATE_OF)
    for acting, (action, failed) in ACTIONS.items():
        table[acting] = {f"{action} done": MonitorState.IDLE, f"{action} fails": failed, "daemon restarts": MonitorState.IDLE}
        table[failed] = {"clear": MonitorState.IDLE} | {way: STATE_OF[way] for way in WAYS_OUT}
    table[MonitorState.STOPPING]["switch done"] = MonitorState.START_FAILED
    # a monitor action that follows one that failed
    table[MonitorState.STOP_FAILED] |= {action: MonitorState.STOPPING for action in ("freezestop", "switch")}
    return table


TRANSITIONS: Mapping[MonitorState, Mapping[str, MonitorState]] = _transitions()


@unique
class NodeState(Enum):
    """What a node as a whole is doing."""

    INIT = "init"
    REJOIN = "rejoin"
    IDLE = "idle"
    MAINTENANCE = "maintenance"
    UPGRADE = "upgrade"
    DRAINING = "draining"
    SHUTTING = "shutting"

    __hash__ = object.__hash__  # as in MonitorState


NODE_TRANSITIONS: Mapping[NodeState, Mapping[str, NodeState]] = {
    NodeState.INIT: {"every instance has been looked at": NodeState.REJOIN},
    NodeState.REJOIN: {"all members are there": NodeState.IDLE, "the grace period is over": NodeState.IDLE},
    NodeState.IDLE: {
        "daemon stops or restarts": NodeState.MAINTENANCE,
        "daemon is upgraded": NodeState.UPGRADE,
        "drain": NodeState.DRAINING,
        "shutdown": NodeState.SHUTTING,
    },
    NodeState.DRAINING: {"nothing is up": NodeState.IDLE, "shutdown": NodeState.SHUTTING},
    NodeState.MAINTENANCE: {"daemon starts": NodeState.INIT},
    NodeState.UPGRADE: {"daemon starts": NodeState.INIT},
    NodeState.SHUTTING: {"daemon starts": NodeState.INIT},
}
# It announced that it goes for a moment, and that its services stay as they are.
AWAITED = frozenset({NodeState.MAINTENANCE, NodeState.UPGRADE})
