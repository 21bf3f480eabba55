"""The terms of the heartbeat: its times, in seconds, checked against one another."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """A beat every `interval`; a peer is stale when nothing was heard for `timeout`; who did nothing himself for `pause` listens first."""

    interval: float = 1.0
    timeout: float = 5.0
    pause: float = 2.0

    def findings(self) -> tuple[str, ...]:
        """What is wrong with them, and the way out; nothing where all is well."""
        if not all(math.isfinite(value) and value > 0 for value in (self.interval, self.timeout, self.pause)):
            return (f"interval {self.interval:g} s, timeout {self.timeout:g} s, pause {self.pause:g} s: each has to be more than zero",)
        found = []
        if self.timeout < 3 * self.interval:
            found.append(
                f"timeout {self.timeout:g} s is less than three intervals of {self.interval:g} s, so that one lost beat "
                f"can make a peer stale: make it {3 * self.interval:g} s or more"
            )
        if self.pause <= self.interval:
            found.append(
                f"pause {self.pause:g} s is not longer than the interval {self.interval:g} s, so that each beat looks late: "
                f"make it {2 * self.interval:g} s"
            )
        if self.pause > self.timeout / 2:
            found.append(
                f"pause {self.pause:g} s is longer than half of the timeout {self.timeout:g} s, so that a node that was paused "
                f"may call its peers dead: make it {self.timeout / 2:g} s or less"
            )
        return tuple(found)
