"""Contracts between the cluster daemon and its drivers: heartbeats, data between nodes, fencing, watchdogs, leases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

from opensvc_core.config.converters import duration, text
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.vocabulary import HeartbeatKeywords
from opensvc_core.model.operations import Command, CommandResult

T = TypeVar("T")
# The largest beat, and the largest message of data, in bytes.
LARGEST_BEAT: Final = 1200
LARGEST_DATA: Final = 1_000_000


class ClusterDriver(Declares):
    """What all drivers of the cluster have: `id` (`hb.unicast`) is the name under which they are asked for."""

    id: ClassVar[str]
    older_sections: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def host_problem(cls) -> str:
        """Why this host can't run the driver and the remedy, or an empty text."""
        return ""


class LinkPlace(NamedTuple):
    """Where a link stands: its section, this node, the cluster's name, and the other nodes that use it.

    For each of those, `peers` has the values of the section as that node sees them (`addr@n2` is the `addr` of n2).
    """

    name: str
    node: str
    cluster: str = "default"
    peers: Mapping[str, Mapping[str, Any]] = {}


class HeartbeatLink(HeartbeatKeywords, ClusterDriver, ABC):
    """A way by which nodes tell each other that they are alive. Messages are opaque bytes, at most 1,200 of them.

    To construct one opens nothing and starts nothing. One thread sends, another one receives; the other methods may be called by any.
    """

    def __init__(self, place: LinkPlace, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.place = place

    @property
    def name(self) -> str:
        """Its section: `hb#1`."""
        return self.place.name

    @property
    def configured(self) -> tuple[object, ...]:
        """All that it was made of: two links for which this is equal do the same."""
        peers = {peer: dict(values) for peer, values in self.place.peers.items()}
        return self.id, self.place._replace(peers=peers), dict(self.values)

    def of_peer(self, peer: str, keyword: Keyword[T]) -> T:
        """The value that a keyword has on a peer."""
        found: T = self.place.peers[peer].get(keyword.name, keyword.default)
        return found

    @property
    @abstractmethod
    def detail(self) -> str:
        """Where it listens, in a word: `[::]:10000`, `/dev/sdb`."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong with the way to a peer, by peer; under an empty name, with the link as a whole. Never waits."""
        return {}

    @abstractmethod
    def send(self, beat: bytes) -> None:
        """Send to all peers, without waiting for anything. Raises OSError when it goes to none of them; the next call tries anew."""

    @abstractmethod
    def receive(self, deliver: Callable[[str, bytes], None], stopped: Callable[[], bool]) -> None:
        """Hand over what arrives, with the address it came from, until `stopped()` after `wake()`, or `close()`.

        What it needs is opened when it is called and freed when it returns. Raises OSError when it can't go on; a later call tries anew.
        Nothing that arrives is proven to be from whom it says; floods cost bounded work.
        """

    @abstractmethod
    def wake(self) -> None:
        """Have those that receive look at `stopped()` at once."""

    @abstractmethod
    def close(self) -> None:
        """End it for good: those that receive return, what sends raises OSError from then on. May be called again."""


class DataPath(ABC):
    """A link that carries data too: messages of up to 1,000,000 opaque bytes."""

    @abstractmethod
    def send_data(self, peer: str, data: bytes) -> None:
        """Hand a message to a peer and wait until it has it, at most 5 s. Several threads may do so at once.

        Raises OSError when the peer may not have got it, ValueError for too large a message and for who is no peer.
        """

    @abstractmethod
    def receive_data(self, deliver: Callable[[bytes], None], stopped: Callable[[], bool]) -> None:
        """Hand over each message that has arrived whole; otherwise as `HeartbeatLink.receive`."""


class FencePlace(NamedTuple):
    """Where a fence agent stands: its section, this node, the node that it fences, and all words of the section.

    `run` runs a command to its end, whatever its exit code is; what takes longer than its `timeout` is ended with all its processes.
    It raises ActionTimeout then, and ActionFailed for what can't be run.
    """

    name: str
    node: str
    target: str
    words: Mapping[str, str]
    run: Callable[[Command], CommandResult]


class FenceAgent(ClusterDriver, ABC):
    """A way to make sure that a node runs nothing any more. To construct one does nothing.

    `hands_words_on`: words of its section that are no keywords of it are for what it calls, so that any may be there.
    """

    hands_words_on: ClassVar[bool] = False
    type = Keyword(text, default="command", inherit="", text="The fence agent's driver.", example="qemu")
    comment = Keyword(text, inherit="", text="A note of the administrator.", example="rack 12, power strip B")
    timeout = Keyword(
        duration, default=60.0, scopable=True, inherit="", text="Seconds in which the node has to be confirmed to be down.", example="30s"
    )

    def __init__(self, place: FencePlace, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.place = place

    def problem(self) -> str:
        """Why it can't fence at all as it is configured, and the way out, or an empty text. Looks at this host only."""
        return ""

    @abstractmethod
    def fence(self, limit: float) -> None:
        """Return when `place.target` is confirmed to be down, within `limit` seconds.

        Raises ActionFailed when that is not certain by then: what was only ordered, or is only likely, is not confirmed.
        """


class WatchdogPlace(NamedTuple):
    """Where a watchdog stands: its section, and this node."""

    name: str
    node: str


class WatchdogTimer(ClusterDriver, ABC):
    """What ends this node, whatever hangs there, unless it is petted in time. To construct one does nothing.

    It counts from `arm` to `disarm`. Each of its methods returns at once; one thread calls them.
    """

    type = Keyword(text, default="device", inherit="", text="The watchdog's driver.", example="device")
    comment = Keyword(text, inherit="", text="A note of the administrator.", example="rack 12, power strip B")
    timeout = Keyword(
        duration,
        default=4.0,
        scopable=True,
        inherit="",
        text="Whole seconds after which it ends the node; less than `lease_stop_limit`, twice `lease_renewal` or more.",
        example="4s",
    )

    def __init__(self, place: WatchdogPlace, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.place = place

    @property
    @abstractmethod
    def detail(self) -> str:
        """What it is, in a word: `/dev/watchdog`."""

    def problem(self) -> str:
        """Why it can't end the node at all as it is configured, and the way out, or an empty text. Looks at this host only."""
        return ""

    @property
    @abstractmethod
    def is_armed(self) -> bool:
        """It ends the node when it is not petted."""

    @abstractmethod
    def arm(self) -> None:
        """Begin to count; it may be armed already, which is no pet.

        Raises OSError where it can't, or where it would wait for more than `timeout` seconds. It does not count then, unless it can't
        be stopped any more: `is_armed` says so, and it has to be petted.
        """

    @abstractmethod
    def pet(self) -> None:
        """Count anew: from now on the node has `timeout` seconds, or less. Raises OSError."""

    @abstractmethod
    def disarm(self) -> None:
        """Cease to count; may be called again. Where that can't be, `is_armed` goes on, and so has the petting. Raises OSError."""


class LeaseSource(ClusterDriver, ABC):
    """A majority that grants the right to run a service for some seconds."""

    @abstractmethod
    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        """Whether `holder` has the lease for so many seconds, or has it anew.

        The caller counts them from before this call, the source from after it. Raises OSError when the source cannot be reached.
        """

    @abstractmethod
    def release(self, name: str, holder: str) -> None:
        """Give it back early."""
