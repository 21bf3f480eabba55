"""Capabilities: what a driver can do beside telling its status, one small base class each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

from opensvc_core.driver.base import Resource
from opensvc_core.errors import ActionRefused
from opensvc_core.model.operations import Operations
from opensvc_core.model.process import ProcessId
from opensvc_core.model.status import Observation, Status


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

    def can_look_ahead(self) -> bool:
        """Whether that nobody uses it can be told some moments before the start is decided on, so that the start need not look again.

        What a guard's confirmation may change is looked at after it.
        """
        return False

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
    """It makes block devices available to other resources.

    Attributes, set by the core before anything is asked:
        named: the devices, `/dev/…`, that resources of the service claim by name. What only a device can tell is not among them.
    """

    named: frozenset[str] = frozenset()

    @abstractmethod
    def exposed_devices(self) -> Sequence[str]:
        """Their paths, known also while they are not active where that is possible."""


class UsesDevices(ABC):
    """It stands on block devices."""

    # The configuration reads this mark: it knows no capabilities.
    stands_on_devices: ClassVar[bool] = True

    @abstractmethod
    def sub_devices(self) -> Sequence[str]:
        """The paths of the devices that it uses."""


class Standing(NamedTuple):
    """How this node stands to its service.

    `is_up`: it is up here, applications aside. `last_up` is when it was last started or stopped here, in seconds since
    1970-01-01 UTC; None: never.
    """

    is_up: bool = False
    last_up: float | None = None


class Syncable(ABC):
    """It copies data to other nodes.

    With a keyword `schedule = Keyword(schedule_text, default="", scopable=True, inherit="sync_schedule", …)` it has times of its own.

    Attributes:
        standing: set by the core before `status`.
        sent: what `sync` has copied completely: nodes, and when each copy was begun.
        carries_configuration: it copies the service's own files; what it sends lies in the folder `incoming` of the
            resource's own directory there, with the places that the files have below `etc`, until the core accepts it.
    """

    carries_configuration: ClassVar[bool] = False
    standing: Standing = Standing()
    sent: Mapping[str, float] = MappingProxyType({})

    def takers(self, targets: Sequence[str]) -> Sequence[str]:
        """Those of these nodes that it has data for."""
        return targets

    @abstractmethod
    def sync(self, targets: Sequence[str]) -> Operations:
        """Copy to those of these nodes that it has data for, and set `sent`; a node that fails keeps no other from its copy.

        What it makes here for the copy alone it yields with an undo: that is carried out when the copy has ended, however it did.
        """

    def sweep(self) -> Operations:
        """Take away what a copy that was killed has left here; called before a stop, which it might keep from its end."""
        yield from ()

    def last_syncs(self) -> Mapping[str, float]:
        """For each node, when the last copy was begun that it is as fresh as, in seconds since 1970-01-01 UTC."""
        return {}

    def note_syncs(self, moments: Mapping[str, float]) -> None:  # noqa: B027 - one that keeps no moments has none to note
        """Remember such moments, besides those known of other nodes. Called by the core on both sides of a copy."""

    def last_run(self) -> float | None:
        """When the last complete copy was begun, in seconds since 1970-01-01 UTC; None where that is not known."""
        return None


class Runnable(ABC):
    """It is a task: run now and then, and over when its command ends.

    With a keyword `schedule = Keyword(schedule_text, default="", scopable=True, inherit="run_schedule", …)` it has times.
    """

    @abstractmethod
    def run(self) -> Operations:
        """Run it once."""

    def last_run(self) -> float | None:
        """When it was last begun, in seconds since 1970-01-01 UTC; None where that is not known."""
        return None


class Informative(ABC):
    """It has something to tell about itself."""

    @abstractmethod
    def info(self) -> Mapping[str, str]:
        """Names and values, for `print resinfo`."""


class SeenTogether(ABC):
    """One look at the host tells the status of all resources of its kind that a service has."""

    @classmethod
    @abstractmethod
    def statuses(cls, resources: Sequence[Self]) -> Mapping[str, Status | Observation]:
        """What is to be seen of each of them, by rid, as `status` tells it of one. An exception: each is looked at alone."""


class Companion:
    """It stands beside another resource, whose keyword asks for it: started just before that one, stopped just after it.

    It has no section of its own: its keywords are read in the other one's. Where something is made or removed, it is started
    after that, and stopped before.

    Attributes, set by the core before anything is asked:
        leader: the resource that it stands beside.
        fellows: the other resources of its kind in the service.
    """

    leader: Resource | None = None
    fellows: Sequence[Self] = ()


class DataAtStake(ABC):  # noqa: B024 - a mark: what it says is that it has no method of its own
    """Active on two nodes at once, it means damage to data."""

    # The configuration reads this mark: it knows no capabilities.
    has_data_at_stake: ClassVar[bool] = True


class Exclusive(ABC):
    """It cannot be active twice: it knows its holder, and refuses another."""

    @abstractmethod
    def holder(self) -> str:
        """The node that holds it, or an empty text."""

    @abstractmethod
    def take_over(self, node: str) -> Operations:
        """Take it from a node that is confirmed to be down."""


class Takeover(NamedTuple):
    """What a cluster manager says of a start that it has begun on this node.

    `silent` is the node of which it does not know what it does with the service; empty: it knows that no other node has it up.
    `is_unchecked`: it asks nobody, before it starts the service, whether that node is down.
    """

    silent: str = ""
    is_unchecked: bool = False


class ClusterManager(ABC):
    """It stands for a cluster manager beside this agent, which alone starts and stops the service."""

    @abstractmethod
    def takeover(self) -> Takeover:
        """What the manager says of the start that it has begun here.

        Raises ActionRefused where it has begun none, where another node may have the service up, and where that can't be told.
        """

    def successor(self) -> str:
        """The node that takes the service over when it is given up here.

        Raises ActionRefused where the manager does not have it started here, where no other node would start it, and where that
        can't be told.
        """
        raise ActionRefused("its cluster manager can't be asked to give the service away")

    def give_up(self) -> Operations:
        """Have the manager stop the service here, and keep it from starting here again before a person lets it.

        The manager stops it as always, by this agent: called without the lock of the service's actions. `status` is up no longer then.
        Raises ActionRefused as `successor` does.
        """
        self.successor()
        yield from ()


class Watch(NamedTuple):
    """Something to wait on instead of polling, by its kind and what names it.

    `pid`: the end of a process, see `of`. `cgroup`: a control group of ours that becomes empty; its name. `mount`: a mount
    point where something is mounted, unmounted or changed. `address`: `ADDRESS DEVICE`, an address that comes, goes or
    changes on a device, and the device's carrier. `path`: a file or directory that is made, written, removed or given
    another owner or mode. `stream`: `SOCKET PATH`, a unix socket where HTTP's `GET PATH` answers with an endless stream, of
    which each piece is an event.
    """

    kind: str
    target: str

    @classmethod
    def of(cls, process: ProcessId) -> Self:
        """The end of a process."""
        return cls("pid", f"{process.pid} {process.started}")


class Watchable(ABC):
    """A change of its status can be waited for, instead of looking again and again."""

    @abstractmethod
    def watches(self) -> Sequence[Watch]:
        """What to wait on, as it stands now; asked after each `status`, of the same object."""
