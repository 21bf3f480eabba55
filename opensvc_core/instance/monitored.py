"""Monitored resources of a service that a cluster manager has started here: what follows from what was seen of them.

Only what was seen to be down is acted on. What could not be seen, and what is there in part, is told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, unique
from typing import Final, NamedTuple, Self

from opensvc_core.model.status import Status

# Seconds between two looks that both saw a resource up, for it to have all of its restarts again.
STEADY: Final = 10.0
_DOWN: Final = frozenset({Status.DOWN, Status.STDBY_DOWN})
_FINE: Final = frozenset({Status.UP, Status.STDBY_UP, Status.NA})


class Tries(NamedTuple):
    """How often a resource was started again, and when it was last; since when it was seen up. Moments are seconds of this boot."""

    number: int = 0
    last: float = 0.0
    up_since: float | None = None

    def seen(self, *, is_up: bool, now: float) -> Self:
        """What counts after another look at the resource."""
        if not is_up or self.up_since is None:
            return self._replace(up_since=now if is_up else None)
        return type(self)() if now - self.up_since >= STEADY else self


class Monitored(NamedTuple):
    """A monitored resource as it was seen; `restart` and `restart_delay` (seconds) as its file says."""

    rid: str
    status: Status
    why: str = ""
    restart: int = 0
    restart_delay: float = 0.0
    tries: Tries = Tries()

    def __str__(self) -> str:
        return f"{self.rid} is {self.status}" + (f" ({self.why})" if self.why else "")

    @property
    def is_lost(self) -> bool:
        """It is down, and no restart is left."""
        return self.status in _DOWN and self.tries.number >= self.restart


@unique
class Do(Enum):
    """What follows."""

    NOTHING = "nothing"
    RESTART = "restart"
    WAIT = "wait"
    GIVE_UP = "give up"


class Verdict(NamedTuple):
    """What follows, and why.

    `rid` is started again; `seconds` are waited before it is looked again. `is_trouble`: something is wrong, and nothing is done about it.
    """

    do: Do
    reason: str
    rid: str = ""
    seconds: float = 0.0
    is_trouble: bool = False


def decide(manager: Status, resources: Sequence[Monitored], now: float, *, hindrance: str = "") -> Verdict:
    """What follows from one look at a service.

    Parameters:
        manager: the status of the resource that stands for the cluster manager; `up`: it has the service started here.
        resources: those that are monitored, in the order of a start.
        now: seconds of this boot.
        hindrance: why nothing may be done by itself.
    """
    if manager is not Status.UP:
        return Verdict(Do.NOTHING, "the cluster manager does not have it started here")
    down = [one for one in resources if one.status in _DOWN]
    if not down:
        doubtful = [str(one) for one in resources if one.status not in _FINE]
        text = f"{'; '.join(doubtful)}: nothing follows from what was not seen to be down" if doubtful else "all that is monitored is up"
        return Verdict(Do.NOTHING, text, is_trouble=bool(doubtful))
    if hindrance:
        return Verdict(Do.NOTHING, f"{'; '.join(map(str, down))}: nothing is done, {hindrance}", is_trouble=True)
    if lost := [one for one in down if one.is_lost]:
        return Verdict(Do.GIVE_UP, "; ".join(map(_lost, lost)))
    return min((_restart(one, now) for one in down), key=lambda verdict: verdict.seconds)


def _lost(one: Monitored) -> str:
    return f"{one} after {one.tries.number} restarts" if one.tries.number else str(one)


def _restart(one: Monitored, now: float) -> Verdict:
    """Start it again, or wait until that may be done."""
    left = one.restart_delay - (now - one.tries.last) if one.tries.number else 0.0
    if left > 0:
        return Verdict(Do.WAIT, f"{one}: it is started again in {left:.0f} s", one.rid, left)
    return Verdict(Do.RESTART, f"{one}: it is started again, {one.tries.number + 1} of {one.restart}", one.rid)
