"""Every state of small clusters, and rules broken on purpose: none gets through."""

import pytest
from opensvc_daemon.lease.change import Change
from opensvc_daemon.lease.exploration import explore, models
from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.holder import Holder
from opensvc_daemon.lease.membership import Membership, Voters
from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.lease.worlds import TERMS, Rules

LATE, MAJORITY, CLOCKS, CHANGE = models(is_long=False)
LONG = models(is_long=True)[0]
# Each takes some seconds of a processor that others may be using.
pytestmark = pytest.mark.timeout(300)
MOVES = {"ask", "grant", "answer arrives", "stop", "tick"}


class CountsFromTheAnswer(Holder):
    def answered(self, answer, now):
        return Holder.answered(self._replace(asked=dict.fromkeys(self.asked, now)), answer, now)._replace(asked=self.asked)


class OldAnswerRenews(Holder):
    def answered(self, answer, now):
        latest = max(self.asked.values(), default=now)
        return Holder.answered(self._replace(asked=dict.fromkeys(self.asked, latest)), answer, now)._replace(asked=self.asked)


class CountsPastTheEnd(Holder):
    def holds(self, now):
        return self.valid_until is not None and now <= self.valid_until


class NoSilenceAtTheStart(Granter):
    @classmethod
    def started(cls, name, membership, terms, now):
        return cls(name, membership, terms, now)


class RenewalIsNotCounted(Granter):
    def asked(self, request, now):
        before = self.grants.get(request.service)
        after, answer = Granter.asked(self, request, now)
        if before is None or answer.refusal or before.owner != request.owner or before.until <= now:
            return after, answer
        grant = after.grants[request.service]._replace(until=before.until)
        return after._replace(grants={request.service: grant}), answer


class GrantsToTwo(Granter):
    def _held(self, request, now):
        return None


class ReleasesAnothersGrant(Granter):
    def released(self, release, now):
        grant = self.grants.get(release.service)
        return Granter.released(self, release._replace(owner=grant.owner, number=grant.number), now) if grant else self


class LateReleaseFreesALaterGrant(Granter):
    def released(self, release, now):
        grant = self.grants.get(release.service)
        number = grant.number if grant else 0
        return Granter.released(self, release._replace(number=max(number, release.number)), now)


class GrantsByAnyEpoch(Granter):
    def asked(self, request, now):
        known = self.membership
        after, answer = Granter.asked(self._replace(membership=known._replace(epoch=request.epoch)), request, now)
        return after._replace(membership=known), answer


class MajorityIsHalf(Voters):
    def is_majority(self, weight, total):
        return 2 * weight >= total


class WeightIsIgnoredInTheTotal(Voters):
    def is_majority(self, weight, total):
        return 2 * weight > len(self.members)


class NoWaitForTheOldLeases(Change):
    def waits(self):
        return 0.0


class NoConfirmationByTheOldVoters(Change):
    def agreed_at(self):
        count = self.joint.becoming.counted({voter: -moment for voter, moment in self.confirmations.items()})
        return None if count is None else -count


class OnlyTheNewListCounts(Membership):
    """Voters change at once, without a time in which both lists have to agree."""

    @property
    def lists(self):
        return (self.becoming or self.voters,)


class DriftIsIgnored(LeaseTerms):
    def held_for(self, lease):
        return lease

    def granted_for(self, lease):
        return lease


class HolderIgnoresDrift(LeaseTerms):
    def held_for(self, lease):
        return lease


def with_voters(model, voters):
    return model._replace(voters=voters(*model.voters))


BROKEN = [
    (LONG, Rules(holder=CountsFromTheAnswer)),
    (LONG, Rules(holder=OldAnswerRenews)),
    (LONG, Rules(holder=CountsPastTheEnd)),
    (LONG, Rules(granter=NoSilenceAtTheStart)),
    (LONG, Rules(granter=RenewalIsNotCounted)),
    (LONG, Rules(granter=GrantsToTwo)),
    (LONG, Rules(granter=ReleasesAnothersGrant)),
    (LONG, Rules(granter=LateReleaseFreesALaterGrant)),
    (with_voters(MAJORITY, MajorityIsHalf), Rules()),
    (with_voters(MAJORITY, WeightIsIgnoredInTheTotal), Rules()),
    (CLOCKS, Rules(terms=DriftIsIgnored(*TERMS))),
    (CLOCKS, Rules(terms=HolderIgnoresDrift(*TERMS))),
    (CHANGE, Rules(granter=GrantsByAnyEpoch)),
    (CHANGE, Rules(change=NoWaitForTheOldLeases)),
    (CHANGE, Rules(change=NoConfirmationByTheOldVoters)),
    (CHANGE, Rules(membership=OnlyTheNewListCounts)),
]


def name_of(rules):
    return next((type(rule).__name__ if isinstance(rule, tuple) else rule.__name__ for rule in rules if rule not in tuple(Rules())), "")


@pytest.mark.parametrize(("model", "rules"), BROKEN, ids=[name_of(rules) or type(model.voters).__name__ for model, rules in BROKEN])
def test_a_broken_rule_lets_two_hold_at_once(model, rules):
    assert explore(model, rules).trace


@pytest.mark.parametrize("model", [LATE, MAJORITY, CLOCKS, CHANGE], ids=lambda model: model.name)
def test_no_two_hold_at_once_in_any_state(model, record_property):
    result = explore(model)
    record_property("explored", ("lease", result.states))
    assert result.trace == ()
    assert result.kinds.keys() >= MOVES


def test_the_change_of_voters_is_explored_to_its_end():
    assert explore(CHANGE._replace(holder_clocks=CHANGE.holder_clocks[:1])).kinds["finish"]
