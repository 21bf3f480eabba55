"""The request: an action that is asked for, on what, and how."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.errors import UsageError
from opensvc_core.instance.ahead import Ahead
from opensvc_core.plan.actions import ACTIONS, Action
from opensvc_core.plan.selection import EVERYTHING, Selection


class Request(NamedTuple):
    """What is asked for: the action, on what, and how.

    `is_forced` sets aside what an administrator may set aside (standby resources are stopped as well); `rolls_back` false
    leaves a failed start as it is; `confirmed_down` are nodes that the administrator knows to be dead. `due_at`: only what
    its schedule lets run at this moment (seconds since 1970-01-01 UTC); None: schedules are not looked at. `shown_as` is how
    the service's command is named where it is called on another node; `keeps_own`: of two configurations that were edited
    independently, this node's is the one to keep. `id` is that of what was asked of the cluster, for the logs of all nodes.
    `by_manager`: the service's cluster manager asks, or who acts in its place.
    `ahead` is what was found before a start was decided on; `patience` and `is_handed_over`: see `Context`.
    """

    action: str
    selection: Selection = EVERYTHING
    is_forced: bool = False
    rolls_back: bool = True
    confirmed_down: frozenset[str] = frozenset()
    due_at: float | None = None
    shown_as: str = ""
    keeps_own: bool = False
    id: str = ""
    patience: float | None = None
    is_handed_over: bool = False
    ahead: Ahead | None = None
    by_manager: bool = False

    @property
    def kind(self) -> Action:
        """The action's row in the table."""
        if self.action not in ACTIONS:
            raise UsageError(f"no action {self.action!r}; actions are {', '.join(ACTIONS)}")
        return ACTIONS[self.action]
