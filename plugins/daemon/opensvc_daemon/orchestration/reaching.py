"""Reaching: what was heard of a peer, and what that makes of it for decisions."""

from __future__ import annotations

from typing import Final, NamedTuple

from opensvc_daemon.orchestration.requests import Request
from opensvc_daemon.orchestration.view import InstanceView, Reach

# Who does not hear us is taken to be alive only while it is heard well within the timeout: else a crash, whose last beats were on
# their way, would be noticed a beat later than it is.
ONE_WAY_SHARE: Final = 0.6


class Heard(NamedTuple):
    """What is heard of a peer now.

    Parameters:
        is_proven: within the timeout it was alive, and heard us.
        is_stale: we have listened for a timeout, and heard nothing.
        one_way: seconds since it was last heard, where it does not hear us; None: it is not heard.
        is_known: it was heard once in this life of ours.
        is_listening: we listen for less than a timeout, so that what we have not heard says nothing.
    """

    is_proven: bool
    is_stale: bool
    one_way: float | None
    is_known: bool
    is_listening: bool


def reach_of(heard: Heard, before: Reach, timeout: float) -> Reach:
    """How a peer is reached. What waited for us to wake up was said long ago: it proves nothing yet, and takes nothing away either."""
    if heard.is_proven or (before is Reach.BEATING and heard.is_listening and not heard.is_stale):
        return Reach.BEATING
    if heard.one_way is not None and heard.one_way < ONE_WAY_SHARE * timeout:
        return Reach.HEARD
    return Reach.SILENT if heard.is_known else Reach.UNSEEN


def as_seen(instance: InstanceView, before: InstanceView | None, now: float) -> InstanceView:
    """A peer's instance with a moment of ours: when its monitor was first seen in its present state."""
    is_same = before is not None and before.monitor is instance.monitor and before.monitor_generation == instance.monitor_generation
    return instance._replace(monitor_since=before.monitor_since if before is not None and is_same else now)


def follows(request: Request, known: Request | None) -> Request:
    """A new request, after the latest that is known: later than all of it, whatever clocks say."""
    return request._replace(sequence=known.sequence + 1, removing=known.last_removal) if known else request._replace(sequence=1)
