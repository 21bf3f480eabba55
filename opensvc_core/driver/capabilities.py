"""Capabilities: what a driver can do beside telling its status, one small base class each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opensvc_core.model.operations import Operations


class Startable(ABC):
    """It can be brought up and down. Both may be repeated: what is already so yields `Already`."""

    @abstractmethod
    def start(self) -> Operations:
        """Bring it up."""

    @abstractmethod
    def stop(self) -> Operations:
        """Bring it down."""


class Preflight(ABC):
    """Before anything is started, it can be seen whether what it would bring up is in use elsewhere."""

    @abstractmethod
    def preflight(self) -> Operations:
        """Look, before the first step of a start; nothing is yielded for what is up here already.

        Called for all resources that are to be started, at the same time. An operation raises Conflict where it is in
        use: nothing is started then. `start` is called after it, and need not look again.
        """


class Provisionable(ABC):
    """What it needs can be made, and taken away for good."""

    @abstractmethod
    def provision(self) -> Operations:
        """Make what it needs; never over something that holds data."""

    @abstractmethod
    def unprovision(self) -> Operations:
        """Take it away."""


class ExposesDevices(ABC):
    """It makes block devices available to other resources."""

    @abstractmethod
    def exposed_devices(self) -> Sequence[str]:
        """Their paths, known also while they are not active where that is possible."""


class UsesDevices(ABC):
    """It stands on block devices."""

    @abstractmethod
    def sub_devices(self) -> Sequence[str]:
        """The paths of the devices that it uses."""


class Syncable(ABC):
    """It copies data to other nodes."""

    @abstractmethod
    def sync(self, targets: Sequence[str]) -> Operations:
        """Copy to these nodes."""


class Runnable(ABC):
    """It is a task: run now and then, and over when its command ends."""

    @abstractmethod
    def run(self) -> Operations:
        """Run it once."""


class Informative(ABC):
    """It has something to tell about itself."""

    @abstractmethod
    def info(self) -> Mapping[str, str]:
        """Names and values, for `print resinfo`."""


class DataAtStake(ABC):  # noqa: B024 - a mark: what it says is that it has no method of its own
    """Active on two nodes at once, it means damage to data."""


class Exclusive(ABC):
    """It cannot be active twice: it knows its holder, and refuses another."""

    @abstractmethod
    def holder(self) -> str:
        """The node that holds it, or an empty text."""

    @abstractmethod
    def take_over(self, node: str) -> Operations:
        """Take it from a node that is confirmed to be down."""


class Watch(NamedTuple):
    """Something to wait on instead of polling: `kind` is `pid`, `cgroup`, `netlink` or `path`; `target` names it."""

    kind: str
    target: str


class Watchable(ABC):
    """Its end can be waited for."""

    @abstractmethod
    def watches(self) -> Sequence[Watch]:
        """What to wait on while it is up."""
