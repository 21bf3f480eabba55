"""Watchdog: until when a node may be kept alive on the strength of its leases.

The device ends the node when it has not been petted for `timeout` seconds. Petting ends that long before a lease does, so a node whose
stop hangs, or whose leases nobody counts any more, is over when others may start.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from opensvc_daemon.lease.holder import Holder, State
from opensvc_daemon.lease.terms import Finding, LeaseTerms


class Watchdog(NamedTuple):
    """A device, and the terms whose drift its clock and the holder's keep."""

    timeout: float
    terms: LeaseTerms

    def lead(self) -> float:
        """What a fast holder counts at most while a slow device waits for its timeout."""
        return self.timeout * (1 + self.terms.drift) / (1 - self.terms.drift)

    def must_pet_until(self, holders: Iterable[Holder], now: float) -> float:
        """The moment from which it must not be petted; infinite while nothing is held, past when a lease has been lost."""
        return min((_until(one) - self.lead() for one in holders if one.state(now) is not State.NONE), default=inf)

    def may_pet(self, holders: Iterable[Holder], now: float) -> bool:
        """Whether to pet it now."""
        return now <= self.must_pet_until(holders, now)

    def findings(self) -> list[Finding]:
        """How it does not fit the terms; empty when it does."""
        least, most = 2 * self.terms.renewal, self.terms.stop_limit * (1 - self.terms.drift) / (1 + self.terms.drift)
        if least <= self.timeout <= most:
            return []
        text = (
            f"a watchdog of {self.timeout:g} s: below {least:g} s a late pet ends the node, above {most:.3g} s it waits for no stop; "
            "choose between them, or a longer stop limit, or a shorter renewal"
        )
        return [Finding("watchdog-timeout", text)]


def _until(holder: Holder) -> float:
    return inf if holder.valid_until is None else holder.valid_until
