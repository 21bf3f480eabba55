"""A view: what a node knows of its peers at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from opensvc_daemon.heartbeat.beat import Beat


class Contact(Enum):
    """How a peer stands to us, over all links; the value says it."""

    BEATING = "heard, and hears us"
    ONE_WAY = "heard, and doesn't hear us"
    LISTENING = "not heard, but we have not listened for long enough to tell"
    STALE = "not heard for longer than the timeout"


@dataclass(frozen=True)
class LinkView:
    """One link to a peer: `is_beating`: the peer is heard over it; `is_two_way`: it hears us over it as well."""

    last_heard: float | None
    is_beating: bool
    is_two_way: bool


@dataclass(frozen=True)
class PeerView:
    """One peer. `beat` is the newest of its believed life, however old. `since` is when it became stale, None where it is not.

    `finding` tells what keeps us from understanding it, such as another version; an empty text where nothing does.
    """

    contact: Contact
    since: float | None
    last_heard: float | None
    beat: Beat | None
    links: dict[int, LinkView]
    finding: str = ""

    @property
    def incarnation(self) -> int | None:
        """The believed life."""
        return self.beat.incarnation if self.beat else None
