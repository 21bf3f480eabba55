"""Messages between holders and granters. Each may be lost, doubled, late, or out of order: none is less safe for it."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_daemon.lease.refusals import Refusal


class Epoch(NamedTuple):
    """Which list of voters: its number, and a digest of what it says, as two people may have proposed two lists under one number."""

    number: int
    digest: str


class Owner(NamedTuple):
    """Who holds: a node, in one life of the process that counts its leases (`incarnation` is random)."""

    node: str
    incarnation: int

    def __str__(self) -> str:
        return f"{self.node} ({self.incarnation:x})"


class Request(NamedTuple):
    """Asks every voter for the lease of a service, or for more of it. `number` grows by one each time an owner asks."""

    service: str
    owner: Owner
    number: int
    epoch: Epoch


class Answer(NamedTuple):
    """What a voter answers, with the epoch that it knows. It granted, unless there is a refusal."""

    voter: str
    service: str
    owner: Owner
    number: int
    epoch: Epoch
    refusal: Refusal | None = None


class Release(NamedTuple):
    """Gives a lease back early: nothing runs any more on the strength of any request up to `number`."""

    service: str
    owner: Owner
    number: int
