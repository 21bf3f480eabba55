"""Membership: who grants leases, with what weight, and how one list of voters becomes the next.

A list becomes another in two steps. While it is *becoming* the other, a majority is one of both lists: it meets every majority
of the old list and every majority of the new one. When the second step may be taken is told by `change`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from math import isfinite
from typing import NamedTuple

from opensvc_daemon.lease.messages import Epoch
from opensvc_daemon.lease.refusals import Code, Refusal
from opensvc_daemon.lease.terms import Finding


class Member(NamedTuple):
    """A node or an arbitrator that grants. One that has lost what it stored (its disk) is removed, and comes back under a new name."""

    name: str
    weight: int = 1


class Voters(NamedTuple):
    """A list of members and the length in seconds of the leases that they grant."""

    members: tuple[Member, ...]
    lease: float = 10.0

    def counted(self, moments: Mapping[str, float]) -> float | None:
        """The latest moment such that a majority has that one or a later one; None: it has none."""
        total = sum(member.weight for member in self.members)
        weight = 0
        for moment, share in sorted(((moments[one.name], one.weight) for one in self.members if one.name in moments), reverse=True):
            weight += share
            if self.is_majority(weight, total):
                return moment
        return None

    def is_majority(self, weight: int, total: int) -> bool:
        """Strictly more than half: two halves would each be one."""
        return 2 * weight > total

    def with_member(self, name: str, weight: int = 1) -> Voters:
        """This list with one more member, or with another weight for one that it has."""
        return self._replace(members=(*self.without(name).members, Member(name, weight)))

    def without(self, name: str) -> Voters:
        """This list less one member."""
        return self._replace(members=tuple(one for one in self.members if one.name != name))

    def changes(self, target: Voters) -> list[str]:
        """What differs in another list: members that come, go or weigh another weight, and the length of the lease."""
        members = {one.name for one in {*self.members} ^ {*target.members}}
        return sorted(members) + (["the lease"] if self.lease != target.lease else [])

    def findings(self) -> list[Finding]:
        """The faults, or else which members it cannot lose."""
        return list(self.faults()) or list(self._weaknesses())

    def faults(self) -> Iterable[Finding]:
        """What makes the list unfit for use."""
        if not self.members:
            yield Finding("no-voters", "nobody grants leases: name the nodes, and an arbitrator where there are two")
        if not (isfinite(self.lease) and self.lease > 0):
            yield Finding("lease-duration", f"a lease of {self.lease} s: write a duration above 0, such as 10 s")
        for name, times in Counter(one.name for one in self.members).items():
            if times > 1:
                yield Finding("voter-twice", f"{name} is named {times} times: name each voter once")
        for one in self.members:
            if one.weight < 1:
                yield Finding("voter-weight", f"{one.name} has weight {one.weight}: a voter weighs 1 or more; leave out who shall not vote")

    def _weaknesses(self) -> Iterable[Finding]:
        for one in self.members:
            if self.counted({other.name: 0.0 for other in self.members if other != one}) is None:
                yield Finding(
                    "voter-indispensable", f"without {one.name} no lease is renewed, every service that has one stops; add an arbitrator"
                )


class Membership(NamedTuple):
    """What a granter knows and has on its disk: the list of voters, and the one that it is becoming, if any.

    Made by `first`, `propose` and `Change.finish`.
    """

    epoch: Epoch
    voters: Voters
    becoming: Voters | None = None

    @classmethod
    def first(cls, voters: Voters) -> Membership:
        """The list with which a cluster begins. Raises ValueError for an unfit one."""
        if faults := list(voters.faults()):
            raise ValueError("; ".join(one.text for one in faults))
        return cls(_epoch(1, voters, None), voters)

    @property
    def lists(self) -> tuple[Voters, ...]:
        """The lists of which each has to agree."""
        return (self.voters,) if self.becoming is None else (self.voters, self.becoming)

    @property
    def names(self) -> frozenset[str]:
        """Everyone to ask."""
        return frozenset(member.name for voters in self.lists for member in voters.members)

    @property
    def shortest(self) -> float:
        """What holders count on: seconds of a lease."""
        return min(voters.lease for voters in self.lists)

    @property
    def longest(self) -> float:
        """What granters keep: seconds of a lease."""
        return max(voters.lease for voters in self.lists)

    def counted(self, moments: Mapping[str, float]) -> float | None:
        """The latest moment such that a majority of each list has that one or a later one; None: there is none."""
        counts = [voters.counted(moments) for voters in self.lists]
        known = [count for count in counts if count is not None]
        return min(known) if len(known) == len(counts) else None

    def propose(self, target: Voters, answering: Collection[str]) -> Membership | Refusal:
        """The joint list with which a change begins. `answering` are the voters that are known to be reachable."""
        if self.becoming is not None:
            return Refusal(Code.CHANGE_UNDER_WAY, f"the voters are becoming {_text(self.becoming)}: finish that change first")
        refusal = self._unfit(target, answering)
        return refusal or self.step(becoming=target)

    def step(self, *, becoming: Voters | None = None) -> Membership:
        """The next epoch: on the way to `becoming`, or arrived there."""
        voters = self.voters if becoming is not None else self.becoming or self.voters
        return self._replace(epoch=_epoch(self.epoch.number + 1, voters, becoming), voters=voters, becoming=becoming)

    def _unfit(self, target: Voters, answering: Collection[str]) -> Refusal | None:
        if faults := list(target.faults()):
            return Refusal(Code.UNFIT, "; ".join(one.text for one in faults))
        changes = self.voters.changes(target)
        if not changes:
            return Refusal(Code.NO_CHANGE, f"the voters are {_text(target)} already")
        if len(changes) > 1:
            return Refusal(Code.SEVERAL_AT_ONCE, f"{', '.join(changes)}: change one at a time, the next when that one is finished")
        if target.counted(dict.fromkeys(answering, 0.0)) is None:
            return Refusal(
                Code.UNREACHABLE,
                f"fewer than a majority of {_text(target)} answers, so the change could not end: start them, or leave them out",
            )
        return None


def _text(voters: Voters) -> str:
    members = ", ".join(f"{one.name} × {one.weight}" if one.weight != 1 else one.name for one in voters.members)
    return f"{members} (leases of {voters.lease:g} s)"


def _epoch(number: int, voters: Voters, becoming: Voters | None) -> Epoch:
    lists = [voters, *([becoming] if becoming else [])]
    said = repr([(sorted(tuple(one) for one in voters.members), float(voters.lease)) for voters in lists])
    return Epoch(number, sha256(said.encode()).hexdigest()[:16])
