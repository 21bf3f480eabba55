"""Contracts between the cluster daemon and its drivers: heartbeats, fencing, leases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from opensvc_core.config.keywords import Declares


class HeartbeatLink(Declares, ABC):
    """A way by which nodes tell each other that they are alive. Messages are opaque bytes, at most 1,200 of them."""

    @abstractmethod
    def send(self, beat: bytes) -> None:
        """Send to all peers. Raises OSError when the link is broken; never waits longer than a second."""

    @abstractmethod
    def receive(self, deliver: Callable[[str, bytes], None], stopped: Callable[[], bool]) -> None:
        """Hand over what arrives, with the address it came from, until `stopped()`."""


class FenceAgent(Declares, ABC):
    """A way to make sure that a node runs nothing any more."""

    @abstractmethod
    def fence(self, node: str) -> None:
        """Return when the node is confirmed to be down; raise ActionFailed when that is not certain."""


class LeaseSource(Declares, ABC):
    """A majority that grants the right to run a service for some seconds."""

    @abstractmethod
    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        """Whether `holder` has the lease for so many seconds, or has it anew.

        The caller counts them from before this call, the source from after it. Raises OSError when the source cannot be reached.
        """

    @abstractmethod
    def release(self, name: str, holder: str) -> None:
        """Give it back early."""
