"""Holder: the lease of one service as the node that runs it counts it.

Every method takes `now`, read from the holder's clock just before the call; for `ask` that is before anything is sent. Between a
reading and an act there may be a pause of any length, so every act asks `holds(now)` with a fresh one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from math import inf
from typing import NamedTuple

from opensvc_daemon.lease.messages import Answer, Owner, Release, Request
from opensvc_daemon.lease.refusals import Code, Refusal
from opensvc_daemon.lease.source import Source
from opensvc_daemon.lease.terms import LeaseTerms


@unique
class State(Enum):
    """What a holder may do: nothing; run the service; only stop it; make sure at once that it has stopped."""

    NONE = "none"
    HELD = "held"
    STOP = "to be stopped"
    LOST = "lost"


class Holder(NamedTuple):
    """One service on one node. `valid_until` is None while nothing runs on the strength of a lease.

    The value may outlive the process that counts it (written to /run before a request is sent), as its clock does until the node boots.
    """

    service: str
    owner: Owner
    terms: LeaseTerms
    source: Source
    number: int = 0
    asked: Mapping[int, float] = {}
    votes: Mapping[str, float] = {}
    refusals: Mapping[str, Refusal] = {}
    valid_until: float | None = None

    @property
    def stop_at(self) -> float | None:
        """When the stop begins, so that it is over while the lease is still valid."""
        return None if self.valid_until is None else self.valid_until - self.terms.stop_limit

    def state(self, now: float) -> State:
        """A lease that has run out stays lost until `stopped`."""
        if self.valid_until is None:
            return State.NONE
        if now >= self.valid_until:
            return State.LOST
        return State.STOP if now >= self.valid_until - self.terms.stop_limit else State.HELD

    def holds(self, now: float) -> bool:
        """Whether nobody else can have the lease at this moment: what every act asks. A start asks for the state `HELD`."""
        return self.valid_until is not None and now < self.valid_until

    def ask(self, now: float) -> tuple[Holder, Request | Refusal]:
        """The next request, for everyone in `source.names`. After a loss there is none until the service has stopped."""
        if self.state(now) is State.LOST:
            return self, Refusal(Code.LOST, f"the lease of {self.service} has run out: it has to be stopped before it can be had again")
        number = self.number + 1
        recent = {one: moment for one, moment in self.asked.items() if now < moment + self.counts()}
        asking = self._replace(number=number, asked={**recent, number: now})
        return asking, Request(self.service, self.owner, number, self.source.epoch)

    def answered(self, answer: Answer, now: float) -> Holder:
        """Count an answer, for the moment of its own request and no later one. What is of no use is ignored."""
        moment = self.asked.get(answer.number)
        if moment is None or not self._is_for_us(answer) or self.state(now) is State.LOST:
            return self
        if answer.refusal:
            return self._refused(answer.voter, answer.refusal, moment)._overtaken(now)
        return self._voted(answer.voter, moment)._extended(now) if answer.epoch == self.source.epoch else self

    def stopped(self) -> tuple[Holder, Release]:
        """The service has stopped here, for certain, and the lease is given back. Also when a try to get it is given up."""
        nothing = self._replace(asked={}, votes={}, refusals={}, valid_until=None)
        return nothing, Release(self.service, self.owner, self.number)

    def adopted(self, source: Source) -> Holder:
        """Ask by a later list of voters from now on. What is held stays valid; votes by the earlier list count no more."""
        if source.epoch.number <= self.source.epoch.number:
            return self
        return self._replace(source=source, asked={}, votes={}, refusals={})

    def is_beaten(self) -> bool:
        """Whether so many refuse that the silent ones cannot make a majority: give up with `stopped`, and let somebody else have it."""
        hopeful = dict.fromkeys(self.source.names - self.refusals.keys(), 0.0)
        return self.valid_until is None and self.source.counted(hopeful) is None

    def explain(self, now: float) -> list[Refusal]:
        """Why each of them is not counted at this moment, by name."""
        return [
            self.refusals.get(name) or self._silence(name)
            for name in sorted(self.source.names)
            if name in self.refusals or not self._counts_vote(name, now)
        ]

    def counts(self) -> float:
        """How long a lease counts from the moment of its request."""
        return self.terms.held_for(min(self.terms.lease, self.source.shortest))

    def _silence(self, name: str) -> Refusal:
        if not self.number:
            return Refusal(Code.NOT_ASKED, f"{name} has not been asked")
        return Refusal(Code.SILENT, f"{name} has not answered to any request of the last {self.counts():.3g} s")

    def _counts_vote(self, name: str, now: float) -> bool:
        return name in self.votes and now < self.votes[name] + self.counts()

    def _is_for_us(self, answer: Answer) -> bool:
        return (answer.service, answer.owner) == (self.service, self.owner) and answer.voter in self.source.names

    def _refused(self, voter: str, refusal: Refusal, moment: float) -> Holder:
        """What was granted before stays granted; what was granted later makes this refusal old."""
        if moment <= self.votes.get(voter, -inf):
            return self
        return self._replace(refusals={**self.refusals, voter: refusal})

    def _overtaken(self, now: float) -> Holder:
        """Lost at once where a majority says that another node has it: this clock stood still, as that of a paused virtual machine does."""
        taken = {name for name, refusal in self.refusals.items() if refusal.code is Code.HELD}
        is_taken = self.source.counted(dict.fromkeys(self.source.names - taken, 0.0)) is None
        return self._replace(valid_until=min(self.valid_until, now)) if is_taken and self.valid_until is not None else self

    def _voted(self, voter: str, moment: float) -> Holder:
        latest = max(moment, self.votes.get(voter, moment))
        refusals = {name: refusal for name, refusal in self.refusals.items() if name != voter}
        return self._replace(votes={**self.votes, voter: latest}, refusals=refusals)

    def _extended(self, now: float) -> Holder:
        count = self.source.counted(self.votes)
        if count is None or count + self.counts() <= now:
            return self
        until = count + self.counts()
        return self._replace(valid_until=until if self.valid_until is None else max(until, self.valid_until))
