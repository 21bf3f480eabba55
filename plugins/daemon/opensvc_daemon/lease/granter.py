"""Granter: a voter's memory of what it granted, one for a node or an arbitrator.

Every method takes `now`, read from the granter's clock *after* the message arrived. A granter that has lost its memory, and be it
by a restart, is made by `started` and is silent for as long as anything that it has forgotten may last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from opensvc_daemon.lease.membership import Membership
from opensvc_daemon.lease.messages import Answer, Owner, Release, Request
from opensvc_daemon.lease.refusals import Code, Refusal
from opensvc_daemon.lease.terms import LeaseTerms


class Grant(NamedTuple):
    """To whom, on which request, and until when nobody else gets it."""

    owner: Owner
    number: int
    until: float
    is_released: bool = False


class Granter(NamedTuple):
    """One voter. `membership` is on its disk before it answers; the grants are in memory alone."""

    name: str
    membership: Membership
    terms: LeaseTerms
    silent_until: float
    grants: Mapping[str, Grant] = {}

    @classmethod
    def started(cls, name: str, membership: Membership, terms: LeaseTerms, now: float) -> Granter:
        """A granter that remembers no grant, and the membership that it stored last (that with which it was installed, at first)."""
        return cls(name, membership, terms, now + terms.granted_for(membership.longest))

    def asked(self, request: Request, now: float) -> tuple[Granter, Answer]:
        """Grant what nobody else may have; counted from now."""
        refusal = self.refusal(request, now)
        answer = Answer(self.name, request.service, request.owner, request.number, self.membership.epoch, refusal)
        if refusal:
            return self, answer
        grant = Grant(request.owner, request.number, now + self.terms.granted_for(self.membership.longest))
        return self._replace(grants={**self.grants, request.service: grant}), answer

    def released(self, release: Release, now: float) -> Granter:
        """Free what was granted on a request up to that of the release; the number stays, so that a late request wins nothing."""
        grant = self.grants.get(release.service)
        if grant is None or grant.owner != release.owner or grant.number > release.number:
            return self
        ended = grant._replace(number=release.number, until=min(grant.until, now), is_released=True)
        return self._replace(grants={**self.grants, release.service: ended})

    def adopted(self, membership: Membership) -> Granter | Refusal:
        """Know a later membership, to be stored before anything is answered. Already known is fine."""
        known = self.membership.epoch
        if membership.epoch == known:
            return self
        if membership.epoch.number > known.number:
            return self._replace(membership=membership)
        if membership.epoch.number == known.number:
            return Refusal(Code.ANOTHER_CHANGE, f"{self.name} has confirmed another change of the voters first: finish that one")
        return Refusal(
            Code.OLD_EPOCH, f"{self.name} knows voters of epoch {known.number}, later than {membership.epoch.number}: begin from those"
        )

    def refusal(self, request: Request, now: float) -> Refusal | None:
        """Why a request is not granted now, if so."""
        return self._unfit(request) or self._starting(now) or self._held(request, now)

    def _unfit(self, request: Request) -> Refusal | None:
        known = self.membership.epoch
        if request.epoch != known:
            return Refusal(
                Code.OTHER_EPOCH, f"{self.name} counts by the voters of epoch {known.number}, the request by epoch {request.epoch.number}"
            )
        if self.name not in self.membership.names:
            return Refusal(Code.NOT_A_MEMBER, f"{self.name} is no voter")
        return None

    def _starting(self, now: float) -> Refusal | None:
        left = self.silent_until - now
        if left <= 0:
            return None
        return Refusal(Code.STARTING, f"{self.name} has just started and may have granted it before: for {left:.3g} s at most", left)

    def _held(self, request: Request, now: float) -> Refusal | None:
        grant = self.grants.get(request.service)
        if grant is None:
            return None
        if grant.owner == request.owner:
            return Refusal(Code.OLD_REQUEST, f"{self.name} has heard of a later one") if _is_late(request, grant) else None
        left = grant.until - now
        return Refusal(Code.HELD, f"{self.name} granted it to {grant.owner}: for {left:.3g} s at most", left) if left > 0 else None


def _is_late(request: Request, grant: Grant) -> bool:
    return request.number < grant.number or (grant.is_released and request.number == grant.number)
