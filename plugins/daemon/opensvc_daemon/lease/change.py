"""Change: the way from one list of voters to the next, as the one who drives it sees it.

The joint list is shown to every voter. Whoever has stored it confirms, and from then on grants nothing to those who count by
the old list alone. When majorities of both lists have confirmed, no new lease comes by the old list; when the longest lease has passed
since, the last one that came by it is over. Only then may the new list stand alone. Who drives may be replaced at any time: the next
one asks everyone again, and waits again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from opensvc_daemon.lease.membership import Membership
from opensvc_daemon.lease.messages import Epoch
from opensvc_daemon.lease.refusals import Code, Refusal
from opensvc_daemon.lease.terms import LeaseTerms


class Change(NamedTuple):
    """A joint list, and when (by the driver's clock, read after the confirmation arrived) each voter had confirmed it."""

    joint: Membership
    terms: LeaseTerms = LeaseTerms()
    confirmations: Mapping[str, float] = {}

    def confirmed(self, voter: str, epoch: Epoch, now: float) -> Change:
        """Count a voter that knows `epoch`; one that knows another list confirms nothing."""
        if epoch != self.joint.epoch or voter in self.confirmations:
            return self
        return self._replace(confirmations={**self.confirmations, voter: now})

    def finish(self, now: float) -> Membership | Refusal:
        """The new list alone, or why it is too early for it."""
        agreed = self.agreed_at()
        if agreed is None:
            missing = sorted(self.joint.names - self.confirmations.keys())
            return Refusal(Code.UNCONFIRMED, f"majorities of the old and the new voters have not confirmed: {', '.join(missing)} may")
        left = agreed + self.waits() - now
        if left > 0:
            return Refusal(Code.TOO_EARLY, f"leases by the old list may last another {left:.3g} s", left)
        return self.joint.step()

    def agreed_at(self) -> float | None:
        """The earliest moment at which a majority of each list had confirmed, if there is one."""
        count = self.joint.counted({voter: -moment for voter, moment in self.confirmations.items()})
        return None if count is None else -count

    def waits(self) -> float:
        """Seconds from then on, until the last lease by the old list is over."""
        return self.terms.granted_for(self.joint.longest)
