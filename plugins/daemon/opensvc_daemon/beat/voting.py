"""Voting: the list of voters as this node knows it, how it learns a later one, and how it drives a change of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from opensvc_daemon.lease.change import Change
from opensvc_daemon.lease.membership import Membership, Voters
from opensvc_daemon.lease.messages import Epoch
from opensvc_daemon.lease.refusals import Refusal
from opensvc_daemon.lease.terms import LeaseTerms


class Voting:
    """One node. `adopt` is called with each list that it is to know from now on, and returns whether that is stored.

    A new cluster begins with the list that all of its nodes find in their configuration, once all of them are heard. A node that is
    new in a cluster learns the list from the others. The first by name of the voters that are heard drives a change.
    """

    def __init__(self, node: str, known: Membership | None, adopt: Callable[[Membership], bool]) -> None:
        self.node, self.known, self._adopt = node, known, adopt
        self.target = Voters(())
        self.terms = LeaseTerms()
        self.told: dict[str, Epoch] = {}
        self.finding = ""
        self._change: Change | None = None
        self._outside: frozenset[str] = frozenset()

    @property
    def epoch(self) -> Epoch:
        """What it says that it knows; number 0: no list yet, but it would begin with this one."""
        if self.known is not None:
            return self.known.epoch
        return Epoch(0, Membership.first(self.target).epoch.digest) if self.target.members else Epoch(0, "0" * 16)

    def configure(self, target: Voters, terms: LeaseTerms, outside: Collection[str]) -> None:
        """What the configuration says; `outside` are the voters that are no nodes: they learn, and drive nothing."""
        self.target, self.terms, self._outside = target, terms, frozenset(outside)

    def heard(self, node: str, epoch: Epoch, membership: Membership | None) -> None:
        """A peer says which list it knows, and perhaps the list."""
        self.told[node] = epoch
        if membership is not None and (self.known is None or membership.epoch.number > self.known.epoch.number):
            self._take(membership)

    def knows(self, name: str) -> bool:
        """Whether a voter knows the same list as this node."""
        return self.known is not None and self.told.get(name) == self.known.epoch

    def is_behind(self, node: str) -> bool:
        """Whether a peer knows an earlier list than this node."""
        return self.known is not None and node in self.told and self.told[node].number < self.known.epoch.number

    def drive(self, beating: Collection[str], now: float) -> None:
        """Begin, go on with or end a change, where that is this node's turn."""
        if not self.target.members:
            return
        if self.known is None:
            self._begin(beating)
        elif self._is_driver(self.known, beating):
            self._drive(self.known, {self.node, *beating}, now)

    def _begin(self, beating: Collection[str]) -> None:
        """All configured voters are heard, and would begin alike, or have just done so."""
        first = Membership.first(self.target)
        alike = (Epoch(0, first.epoch.digest), first.epoch)
        others = {one.name for one in self.target.members} - {self.node} - self._outside
        if all(name in beating and self.told.get(name) in alike for name in others):
            self._take(first)

    def _is_driver(self, known: Membership, beating: Collection[str]) -> bool:
        """The first that is heard of those who are voters now and stay it."""
        stay = {one.name for one in known.voters.members} & {one.name for one in self.target.members} - self._outside
        return self.node == min((name for name in stay if name == self.node or name in beating), default="")

    def _drive(self, known: Membership, answering: Collection[str], now: float) -> None:
        if known.becoming is None:
            self._change = None
            step = next_step(known.voters, self.target)
            found = known.propose(step, answering) if step else None
        else:
            found = self._finished(known, answering, now)
        if isinstance(found, Refusal):
            self.finding = found.text
        elif found is not None:
            self.finding = ""
            self._take(found)

    def _finished(self, known: Membership, answering: Collection[str], now: float) -> Membership | Refusal:
        if self._change is None or self._change.joint != known:
            self._change = Change(known, self.terms)
        told: Mapping[str, Epoch] = {**self.told, self.node: known.epoch}
        for voter in known.names & set(answering):
            if voter in told:
                self._change = self._change.confirmed(voter, told[voter], now)
        return self._change.finish(now)

    def _take(self, membership: Membership) -> None:
        if self._adopt(membership):
            self.known = membership


def next_step(voters: Voters, target: Voters) -> Voters | None:
    """The next single change on the way to a list: who comes, then who goes, then weights, then the lease; None: it is reached."""
    have, want = ({one.name: one.weight for one in each.members} for each in (voters, target))
    for name in [*sorted(want.keys() - have.keys()), *sorted(name for name in want.keys() & have.keys() if have[name] != want[name])]:
        return voters.with_member(name, want[name])
    for name in sorted(have.keys() - want.keys()):
        return voters.without(name)
    return voters._replace(lease=target.lease) if voters.lease != target.lease else None
