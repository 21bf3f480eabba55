"""Freshness: what the moments of the last copies say of the nodes of a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from opensvc_core.api import Observation, Standing, Status

# A moment so far ahead was noted while a clock was wrong.
_AHEAD: Final = 3600.0


class View(NamedTuple):
    """What a node knows when it is asked about its copies.

    Parameters:
        node: its name; `targets`: the other nodes that get a copy; `is_target`: it gets one itself.
        standing: how it stands to the service.
        moments: by node, when the copy was begun that it is as fresh as.
        now, max_delay: seconds since 1970-01-01 UTC, and how old a copy may be.
        outside: targets that are no members of the cluster; empty where nobody says that they have to be.
        waits: a service that is not up, and was never copied, is nothing to warn of.
    """

    node: str
    targets: Sequence[str]
    is_target: bool
    standing: Standing
    moments: Mapping[str, float]
    now: float
    max_delay: float
    outside: frozenset[str] = frozenset()
    waits: bool = False

    def is_fresh(self, node: str) -> bool:
        """It has a copy that is young enough."""
        moment = self.moments.get(node)
        return moment is not None and -_AHEAD <= self.now - moment <= self.max_delay

    @property
    def is_active(self) -> bool:
        """The service is up here, or was so after this node got its last copy: it tells of the others."""
        last_up, received = self.standing.last_up, self.moments.get(self.node)
        return self.standing.is_up or (last_up is not None and (received is None or last_up > received))


def observe(view: View) -> Status | Observation:
    """The status: which node tells of what is the house's decision, see `print status` in the tutorials."""
    if view.waits and not view.standing.is_up and not view.moments:
        return Status.NA.because("paused, service not up", level="info")
    if not view.is_active:
        if not view.is_target:
            return Status.NA
        return Status.UP if view.is_fresh(view.node) else Status.WARN.because("passive node needs update")
    stale = [node for node in view.targets if not view.is_fresh(node)]
    waiting = [node for node in stale if node in view.outside and node not in view.moments]
    if due := [node for node in stale if node not in waiting]:
        return Status.DOWN.because(f"{', '.join(due)} need update")
    if waiting:
        return Status.NA.because(f"paused, {', '.join(waiting)} not in the cluster", level="info")
    return Status.UP if view.targets else Status.NA
