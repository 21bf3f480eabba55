"""A model: a small cluster with one service, and how often each thing may go wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.view import Guard

NAMES = "ABC"
SERVICE = "svc"
RESOURCE = "app#1"


class Ask(NamedTuple):
    """What a person may ask for, and where."""

    wish: Wish
    to: tuple[str, ...] = ()
    at: int = 0


class Model(NamedTuple):
    """What there is and what may happen.

    Parameters:
        nodes: how many.
        budget: by kind of trouble, how often it may come in all. What is not in it never comes.
        asks: what people ask for; each at most once, in this order or another.
        is_cold: all nodes are off at first; otherwise the first one has the service up, and all know all.
        is_biased: the service goes where the load is low, and each node takes its own for the lowest.
        is_delayed: messages are under way for as long as they like; otherwise they arrive when they are sent, or not at all.
        depth: steps from the beginning after which it is not followed further (0: no limit).
        limit: states after which it ends.
        samples: of how many states one is healed, to see how it ends.
        is_made: it is provisioned at first, and up; otherwise provision has to make it.
        restarts: how often the resource is started again where it is.
    """

    name: str
    nodes: int = 2
    guard: Guard = Guard.FENCE
    has_data: bool = True
    budget: Mapping[str, int] = {}
    asks: tuple[Ask, ...] = ()
    is_cold: bool = False
    is_made: bool = True
    is_biased: bool = False
    is_delayed: bool = False
    has_quorum_rule: bool = False
    split_action: str = "stop"
    monitor_action: tuple[str, ...] = ()
    restarts: int = 0
    orchestrate: str = "ha"
    topology: str = "failover"
    flex_target: int = 1
    depth: int = 0
    limit: int = 100_000
    samples: int = 20

    @property
    def is_safe(self) -> bool:
        """Whether two active instances are never accepted."""
        is_guarded = self.guard in {Guard.FENCE, Guard.LEASE, Guard.EXCLUSIVE} or (self.guard is Guard.NONE and self.has_data)
        return self.topology == "failover" and (is_guarded or not (self.is_cold or _PARTING & set(self.budget)))


# What makes a node silent to another one, or unknown after its daemon's start.
_PARTING = frozenset({"silence", "crash", "kill", "maintenance", "shutdown"})
