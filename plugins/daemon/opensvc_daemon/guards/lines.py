"""Lines: the messages of a lease as values of JSON. Total: any value is read, or refused with ValueError."""

from __future__ import annotations

from typing import Any

from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Answer, Epoch, Owner, Release, Request
from opensvc_daemon.lease.refusals import Code, Refusal


def written_request(request: Request) -> list[Any]:
    """A request."""
    return [request.service, *request.owner, request.number, *request.epoch]


def read_request(value: Any) -> Request:
    """A request again."""
    match value:
        case [str() as service, str() as node, int() as life, int() as number, int() as epoch, str() as digest]:
            return Request(service, Owner(node, life), number, Epoch(epoch, digest))
    raise ValueError("no request for a lease")


def written_release(release: Release) -> list[Any]:
    """A release."""
    return [release.service, *release.owner, release.number]


def read_release(value: Any) -> Release:
    """A release again."""
    match value:
        case [str() as service, str() as node, int() as life, int() as number]:
            return Release(service, Owner(node, life), number)
    raise ValueError("no release of a lease")


def written_answer(answer: Answer) -> list[Any]:
    """An answer; what was granted has no refusal."""
    refusal = answer.refusal and [answer.refusal.code.value, answer.refusal.text, answer.refusal.seconds]
    return [answer.voter, answer.service, *answer.owner, answer.number, *answer.epoch, refusal]


def read_answer(value: Any) -> Answer:
    """An answer again."""
    match value:
        case [str() as voter, str() as service, str() as node, int() as life, int() as number, int() as epoch, str() as digest, refusal]:
            return Answer(voter, service, Owner(node, life), number, Epoch(epoch, digest), _refusal(refusal))
    raise ValueError("no answer about a lease")


def _refusal(value: Any) -> Refusal | None:
    match value:
        case None:
            return None
        case [str() as code, str() as text, int() | float() as seconds]:
            return Refusal(Code(code), text, float(seconds))
    raise ValueError("no refusal of a lease")


def written_membership(membership: Membership) -> list[Any]:
    """A list of voters, and the one that it is becoming."""
    return [*membership.epoch, *(_written_voters(voters) for voters in membership.lists)]


def read_membership(value: Any) -> Membership:
    """A list of voters again. Raises ValueError also for one that is unfit."""
    match value:
        case [int() as number, str() as digest, voters, *becoming] if len(becoming) <= 1:
            return Membership(Epoch(number, digest), _voters(voters), _voters(becoming[0]) if becoming else None)
    raise ValueError("no list of voters")


def _written_voters(voters: Voters) -> list[Any]:
    return [voters.lease, [list(member) for member in voters.members]]


def _voters(value: Any) -> Voters:
    match value:
        case [int() | float() as lease, list() as members]:
            voters = Voters(tuple(map(_member, members)), float(lease))
            if faults := [one.text for one in voters.faults()]:
                raise ValueError("; ".join(faults))
            return voters
    raise ValueError("no voters")


def _member(value: Any) -> Member:
    match value:
        case [str() as name, int() as weight]:
            return Member(name, weight)
    raise ValueError("no voter")
