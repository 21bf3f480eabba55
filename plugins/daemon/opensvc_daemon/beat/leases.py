"""The leases of a node: what it holds or asks for, what it grants, and what has to stop because a lease ends.

The rules are those of the lease room. Here they meet time, the outboxes, and the files that outlive this process. What has to be done
outside is done by `Hands`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import inf
from typing import Final, NamedTuple, Protocol

from opensvc_daemon.beat.keeping import Holdings, Kept
from opensvc_daemon.beat.outbox import Outbox
from opensvc_daemon.beat.words import ANSWERED, ASKED, FRAME, Saying, Verdict, size_of
from opensvc_daemon.heartbeat.tags import Tag, tag_of
from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.holder import Holder, State
from opensvc_daemon.lease.membership import Membership, Voters
from opensvc_daemon.lease.messages import Answer, Epoch, Owner, Release, Request
from opensvc_daemon.lease.refusals import Refusal
from opensvc_daemon.lease.terms import LeaseTerms

NONE, ASKED_FOR, REFUSED, HELD = "none", "asked", "refused", "held"
USED: Final = frozenset({ASKED_FOR, HELD})
# Renewals after which a lease that no majority has granted is given up.
TRIES: Final = 3
# What of a reason changes with time alone.
_DURATION: Final = re.compile(r"[0-9.e-]+ s\b")
# What a restored lease is asked of until the voters are known.
_NOBODY: Final = Membership(Epoch(0, ""), Voters(()))
# So much after a moment it has certainly come.
MOMENT: Final = 1e-3


class Hands(Protocol):
    """What the leases need done. Each returns at once."""

    def keep(self, holdings: Holdings) -> None:
        """Store the leases: before anything is asked for by them. Raises OSError."""

    def stop(self, service: str) -> None:
        """Stop a service, whatever it takes, and tell `stopped` when it is down."""

    def ask_outside(self, request: Request) -> None:
        """Ask the voters that are no nodes."""

    def release_outside(self, release: Release) -> None:
        """Tell them that a lease is given back."""

    def arm(self) -> None:
        """Have the watchdog count, where there is one. Raises OSError."""

    def say(self, level: str, text: str, service: str = "") -> None:
        """Tell people."""


class Known(NamedTuple):
    """The state of a lease as the monitor is told, and since when; `wait`: seconds after which those that refused it may grant it, 0: they
    did not say."""

    state: str
    since: float
    wait: float = 0.0


class Leases:
    """All leases of one life of the beat process, which `owner` names. `membership` None: nobody grants anything yet."""

    def __init__(self, owner: Owner, terms: LeaseTerms, hands: Hands) -> None:
        self.owner, self.terms, self._hands = owner, terms, hands
        self.membership: Membership | None = None
        self.granter: Granter | None = None
        self.holders: dict[str, Holder] = {}
        self.known: dict[str, Known] = {}
        self.stopping: set[str] = set()
        self._told: dict[str, str] = {}
        self.asked: Outbox[Tag, int] = Outbox(ASKED)
        self.released: Outbox[Tag, int] = Outbox(ASKED)
        self.answered: Outbox[tuple[Tag, int, Tag], Verdict] = Outbox(ANSWERED)

    # -- its beginning

    def restore(self, holdings: Holdings, now: float) -> None:
        """Go on with what an earlier process of this boot held: as the same owner, whose numbers go on."""
        self.owner, self.terms = Owner(self.owner.node, holdings.owner), holdings.terms
        for service, kept in holdings.leases.items():
            holder = Holder(service, self.owner, self.terms, _NOBODY, kept.number, valid_until=kept.until)
            self.holders[service] = holder
            if kept.until is not None:
                self._set(service, HELD, now)

    def configure(self, terms: LeaseTerms) -> None:
        """Other terms."""
        self.terms = terms
        self.holders = {service: holder._replace(terms=terms) for service, holder in self.holders.items()}
        if self.granter is not None:
            self.granter = self.granter._replace(terms=terms)

    def adopt(self, membership: Membership, now: float) -> None:
        """Know a list of voters, which is on the disk already. What was asked for or answered by an earlier one is not said any more."""
        self.membership = membership
        if self.granter is None:
            self.granter = Granter.started(self.owner.node, membership, self.terms, now)
        else:
            adopted = self.granter.adopted(membership)
            self.granter = self.granter if isinstance(adopted, Refusal) else adopted
        self.holders = {service: holder.adopted(membership) for service, holder in self.holders.items()}
        self.asked.clear()
        self.answered.clear()

    def forget_voters(self) -> None:
        """The node is part of another cluster now."""
        self.membership = self.granter = None

    # -- for the monitor

    def ask(self, service: str, now: float) -> None:
        """Begin to ask for a lease."""
        if self.state(service) in USED or service in self.stopping:
            return
        if self.membership is None:
            self._refuse(service, "the nodes have not agreed yet who grants leases: each of cluster.nodes has to be heard once", now)
            return
        try:
            self._hands.arm()
        except OSError as error:
            self._refuse(service, f"the watchdog can't be used: {error}", now)
            return
        self.holders.setdefault(service, Holder(service, self.owner, self.terms, self.membership))
        self._set(service, ASKED_FOR, now)
        self._renew(service, now)

    def release(self, service: str, now: float) -> None:
        """Give it back: the service is down here."""
        if self.state(service) in USED and service not in self.stopping:
            self._give_back(service, NONE, now)

    def state(self, service: str) -> str:
        """none, asked, refused or held."""
        return self.known[service].state if service in self.known else NONE

    @property
    def is_idle(self) -> bool:
        """Nothing is held, asked for, or has to stop."""
        return not self.stopping and not any(known.state in USED for known in self.known.values())

    @property
    def has_something_to_say(self) -> bool:
        """At once, that is."""
        return self.asked.has_news or self.released.has_news or self.answered.has_news

    # -- time

    def tick(self, now: float) -> None:
        """Renew what is due, give up what is not granted, stop what ends."""
        for service in [one for one, known in self.known.items() if known.state in USED and one not in self.stopping]:
            self._look(service, now)

    def deadline(self) -> float:
        """When to tick next; infinite while nothing is used."""
        return min((self._due(service) for service, known in self.known.items() if known.state in USED), default=inf)

    def _due(self, service: str) -> float:
        holder = self.holders[service]
        if service in self.stopping:
            return inf
        stop_at = inf if holder.stop_at is None else holder.stop_at + MOMENT
        return min(stop_at, max(holder.asked.values(), default=-inf) + self.terms.renewal)

    def _look(self, service: str, now: float) -> None:
        holder, known = self.holders[service], self.known[service]
        state = holder.state(now)
        if state in (State.STOP, State.LOST):
            self._end(service, now)
        elif state is State.NONE and now - known.since >= TRIES * self.terms.renewal:
            self._refuse(service, _reasons(holder, now), now)
        elif now >= self._due(service):
            self._renew(service, now)

    def _renew(self, service: str, now: float) -> None:
        holder, request = self.holders[service].ask(now)
        self.holders[service] = holder
        if isinstance(request, Refusal) or self.membership is None:
            return
        if not self._is_kept():
            return
        self.asked.put(tag_of(service), request.number)
        self._hands.ask_outside(request)
        if self.granter is not None and self.owner.node in self.membership.names:
            self.granter, answer = self.granter.asked(request._replace(service=tag_of(service).hex()), now)
            self._count(answer._replace(service=service), now)

    def _end(self, service: str, now: float) -> None:
        """What ran on the strength of a lease stops, whatever the monitor does."""
        self.stopping.add(service)
        self.asked.drop(tag_of(service))
        self._hands.say("error", f"the lease ends: {_reasons(self.holders[service], now)}; it is stopped here", service)
        self._set(service, NONE, now)
        self._hands.stop(service)

    def stopped(self, service: str, now: float) -> None:
        """It is down, for certain."""
        if service in self.stopping:
            self.stopping.discard(service)
            self._give_back(service, NONE, now)

    # -- messages

    def heard(self, node: str, saying: Saying, now: float) -> None:
        """Answer what a node asks for, free what it gives back, count what it answers."""
        owner = Owner(node, saying.incarnation)
        if self.granter is not None:
            for tag, number in saying.asked.items():
                self._answer(Request(tag.hex(), owner, number, saying.epoch), tag, now)
            for tag, number in saying.released.items():
                self.granter = self.granter.released(Release(tag.hex(), owner, number), now)
        own, services = tag_of(self.owner.node), {tag_of(service): service for service in self.holders}
        for verdict in saying.answered:
            if (verdict.node, verdict.incarnation) == (own, self.owner.incarnation) and verdict.service in services:
                self._count(_answer_of(node, saying, verdict, services[verdict.service], self.owner), now)

    def answered_outside(self, answer: Answer, now: float) -> None:
        """Count what a voter answers that is no node."""
        if answer.service in self.holders and answer.owner == self.owner:
            self._count(answer, now)

    def say(self, epoch: Epoch, room: int, *, shows_voters: bool) -> Saying | None:
        """What the next beat says of leases, in at most so many bytes; `epoch`: the voters that are known or would be begun with,
        `shows_voters`: somebody has to learn them."""
        room -= FRAME
        if room < 0:
            return None
        membership = self.membership if shows_voters else None
        if membership is not None and size_of(membership) > room:
            membership = None
        room -= size_of(membership) if membership else 0
        asked, room = self.asked.take(room)
        released, room = self.released.take(room)
        answered, room = self.answered.take(room)
        return Saying(epoch, self.owner.incarnation, asked, released, tuple(answered.values()), membership)

    def _answer(self, request: Request, tag: Tag, now: float) -> None:
        assert self.granter is not None
        self.granter, answer = self.granter.asked(request, now)
        refusal = answer.refusal
        node, life = tag_of(request.owner.node), request.owner.incarnation
        verdict = Verdict(node, life, tag, request.number, refusal.code if refusal else None, refusal.seconds if refusal else 0.0)
        self.answered.put((node, life, tag), verdict)

    def _count(self, answer: Answer, now: float) -> None:
        service = answer.service
        before = self.holders[service]
        holder = self.holders[service] = before.answered(answer, now)
        if holder.valid_until != before.valid_until:
            self._is_kept()  # the file has an earlier end otherwise, which is no less safe
        if self.state(service) != ASKED_FOR:
            return
        if holder.state(now) is State.HELD:
            self._set(service, HELD, now)
        elif holder.is_beaten():
            self._refuse(service, _reasons(holder, now), now)

    def _refuse(self, service: str, why: str, now: float) -> None:
        if self._told.get(service) != (steady := _DURATION.sub("", why)):
            self._told[service] = steady  # who asks again and again is not told the same again and again
            self._hands.say("warning", f"no lease: {why}", service)
        if service in self.holders:
            wait = _wait(self.holders[service])
            self._give_back(service, REFUSED, now)
            self.known[service] = Known(REFUSED, now, wait)
        else:
            self._set(service, REFUSED, now)

    def _give_back(self, service: str, state: str, now: float) -> None:
        holder, release = self.holders[service].stopped()
        self.holders[service] = holder
        self.asked.drop(tag_of(service))
        self.released.put(tag_of(service), release.number)
        self._hands.release_outside(release)
        if self.granter is not None:
            self.granter = self.granter.released(release._replace(service=tag_of(service).hex()), now)
        self._set(service, state, now)
        self._is_kept()

    def _set(self, service: str, state: str, now: float) -> None:
        if state == HELD:
            self._told.pop(service, None)
        self.known[service] = Known(state, now)

    def _is_kept(self) -> bool:
        """Store what a next process has to know: nothing may be asked for without it, as that would run on by a lease of nobody."""
        leases = {service: Kept(holder.number, holder.valid_until) for service, holder in self.holders.items()}
        try:
            self._hands.keep(Holdings(self.owner.incarnation, self.terms, leases))
        except OSError as error:
            self._hands.say("error", f"leases can't be renewed, as they can't be stored: {error}")
            return False
        return True


def holders_in_use(leases: Leases) -> Iterator[Holder]:
    """Those by which something runs, or may run."""
    return (holder for holder in leases.holders.values() if holder.valid_until is not None)


def _answer_of(node: str, saying: Saying, verdict: Verdict, service: str, owner: Owner) -> Answer:
    refusal = None
    if verdict.code is not None:
        limit = f", for {verdict.seconds:.3g} s at most" if verdict.seconds else ""
        refusal = Refusal(verdict.code, f"{node} refuses ({verdict.code}{limit})", verdict.seconds)
    return Answer(node, service, owner, verdict.number, saying.epoch, refusal)


def _wait(holder: Holder) -> float:
    """Until none of the refusals holds any more; 0 where one of them does not end by time."""
    times = [refusal.seconds for refusal in holder.refusals.values()]
    return max(times) + MOMENT if times and all(times) else 0.0


def _reasons(holder: Holder, now: float) -> str:
    return "; ".join(refusal.text for refusal in holder.explain(now)) or "no majority has granted it"
