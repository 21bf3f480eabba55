"""Source: where leases come from. A majority of voters (`Membership`) is one; `Outside`, a store that has leases of its own, is another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from opensvc_daemon.lease.messages import Answer, Epoch, Request
from opensvc_daemon.lease.refusals import Code, Refusal


class Source(Protocol):
    """Who is asked for a lease, and which of their answers make one."""

    @property
    def epoch(self) -> Epoch:
        """Answers of another epoch don't count; a later epoch replaces an earlier one."""

    @property
    def names(self) -> frozenset[str]:
        """Everyone to ask."""

    @property
    def shortest(self) -> float:
        """Seconds, from before a request, for which what is granted on it is kept from all others."""

    def counted(self, moments: Mapping[str, float]) -> float | None:
        """From when a lease counts, given the moment of the latest request that each of them granted; None: there is no lease."""


class Outside(NamedTuple):
    """A source outside the cluster that answers yes or no (a driver's `acquire`), and counts `lease` seconds from after it said yes."""

    name: str
    lease: float

    @property
    def epoch(self) -> Epoch:
        return Epoch(0, self.name)

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.name})

    @property
    def shortest(self) -> float:
        return self.lease

    def counted(self, moments: Mapping[str, float]) -> float | None:
        return moments.get(self.name)

    def answer(self, request: Request, *, is_granted: bool) -> Answer:
        """What it said to a request; the request is made before it is asked, so that the holder counts from there."""
        refusal = None if is_granted else Refusal(Code.NOT_GRANTED, f"{self.name} does not grant it: somebody else has it")
        return Answer(self.name, request.service, request.owner, request.number, self.epoch, refusal)
