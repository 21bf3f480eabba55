"""Orders: what a node's monitor is to do now, each with its reasons."""

from __future__ import annotations

from enum import Enum, unique
from typing import NamedTuple

from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Progress
from opensvc_daemon.orchestration.states import MonitorState, NodeState


@unique
class Do(Enum):
    """The kinds of orders."""

    NOTHING = "nothing"
    ANNOUNCE = "announce"  # the instance's monitor goes to a state in which no action runs: ready, idle, wait …
    ACT = "act"  # an action of `STATE_OF` on this node's instance: start, stop, freeze, …
    INTERRUPT = "interrupt"  # the start that is under way here, which is taken back then
    RESTART_RESOURCE = "restart resource"  # an instance that is ready is `restarting` meanwhile, and idle in the end
    ASK_LEASE = "ask lease"
    RELEASE_LEASE = "release lease"
    FENCE = "fence"
    LEAVE = "leave the game"  # of the node as a whole: stop, crash, reboot
    NODE_STATE = "node state"
    END_REQUEST = "end request"
    RUN = "run"  # a command of the administrator: pre_monitor_action

    __hash__ = object.__hash__  # as in MonitorState


class Order(NamedTuple):
    """One order of a decision.

    Parameters:
        do: its kind.
        service: the path of the service; empty for orders about the node.
        action: the action of ACT, the split action of LEAVE, the command of RUN.
        rids: resources that the action is limited to; empty: all.
        state: the monitor state that ANNOUNCE sets.
        rank: with which place the instance announces that it is ready.
        node: the node that FENCE is about.
        node_state: what NODE_STATE sets.
        request: the id of the request that is served or ended.
        progress: how END_REQUEST ends it.
        confirmed_down: nodes that a start may take to be down.
        is_handed_over: of an ACT: a stop after which another node starts it, or the start after such a stop, which all nodes have told.
        reasons: why; never empty.
    """

    do: Do
    service: str = ""
    action: str = ""
    rids: tuple[str, ...] = ()
    state: MonitorState | None = None
    rank: int = 0
    node: str = ""
    node_state: NodeState | None = None
    request: str = ""
    progress: Progress | None = None
    confirmed_down: tuple[str, ...] = ()
    is_handed_over: bool = False
    reasons: tuple[Reason, ...] = ()

    def __str__(self) -> str:
        """Its words without the reasons: `svc1: start`."""
        state = self.state or self.node_state or self.progress
        words = [self.action, *self.rids, self.node, state.value if state else ""]
        text = " ".join([self.do.value if self.do is not Do.ACT else "", *filter(None, words)]).strip()
        return f"{self.service}: {text}" if self.service else text


class Decision(NamedTuple):
    """What is to be done now, and when an unchanged view may lead to something else (None: never)."""

    orders: tuple[Order, ...]
    wake: float | None = None
