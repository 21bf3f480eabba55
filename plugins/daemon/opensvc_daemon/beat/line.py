"""A line: a heartbeat link at work, with the thread that receives from it. Each direction can be stopped and started."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from opensvc_daemon.beat.gate import Gate
from opensvc_daemon.clock import now

# Messages that wait for the loop; what comes above that is lost, as on a network.
WAITING: Final = 512
# Seconds after which a link that failed is tried again.
AGAIN: Final = 1.0

# Seconds until those that were ended are no longer waited for.
_PATIENCE: Final = 2.0


class Link(Protocol):
    """What a line needs of `opensvc_core.api.HeartbeatLink`."""

    @property
    def detail(self) -> str: ...
    @property
    def troubles(self) -> Mapping[str, str]: ...
    @property
    def interval(self) -> float: ...
    @property
    def configured(self) -> tuple[object, ...]: ...
    def send(self, beat: bytes) -> None: ...
    def receive(self, deliver: Callable[[str, bytes], None], stopped: Callable[[], bool]) -> None: ...
    def wake(self) -> None: ...
    def close(self) -> None: ...


class Direction(NamedTuple):
    """How one direction of a line does: `state` is running, stopped or failed."""

    state: str
    detail: str
    why: str = ""


class Line:
    """One link. `news` is called, in any thread, when something has arrived or has changed.

    `after`: threads of lines that this one takes the place of, which end first.
    """

    def __init__(
        self,
        name: str,
        number: int,
        link: Link,
        *,
        news: Callable[[], None],
        clock: Callable[[], float],
        after: Iterable[threading.Thread] = (),
    ) -> None:
        self.name, self.number, self.link, self.configured = name, number, link, link.configured
        self.arrived: deque[tuple[str, bytes]] = deque(maxlen=WAITING)
        self.gate = Gate(clock)
        self.sent = float("-inf")
        self.sends = True
        self._news = news
        self._clock = clock
        self._unsent, self._unheard, self._failed = "", "", float("-inf")
        self._ended: threading.Event | None = None
        self._before = list(after)

    @property
    def receives(self) -> bool:
        """Whether it is meant to receive."""
        return self._ended is not None

    def receive(self, *, run: bool) -> None:
        """Begin to receive, or end it."""
        if run and self._ended is None:
            self._ended, self._failed = threading.Event(), float("-inf")
            thread = threading.Thread(target=self._receiving, args=(self._ended, *self._before), name=f"{self.name}.rx", daemon=True)
            self._before = [thread]
            thread.start()
        elif not run and self._ended is not None:
            self._ended.set()
            self._ended = None
            self.link.wake()

    @property
    def threads(self) -> list[threading.Thread]:
        """Those that may hold what the next line of its kind needs, such as a port."""
        return self._before

    def send(self, beat: bytes, now: float) -> None:
        """Send, where it is meant to; what fails is told by `directions`."""
        if not self.sends:
            return
        self.sent = now
        try:
            self.link.send(beat)
            self._unsent = ""
        except OSError as error:
            self._unsent = str(error)
        except Exception as error:  # noqa: BLE001 - a link that fails is no reason to end the others
            self._unsent = f"{type(error).__name__}: {error}"

    def directions(self) -> dict[str, Direction]:
        """Both directions, by name."""
        why = "; ".join(text for _, text in sorted(self.link.troubles.items()))
        return {
            f"{self.name}.rx": self._direction(self._unheard if self._has_just_failed() else "", "", is_on=self.receives),
            f"{self.name}.tx": self._direction(self._unsent, why, is_on=self.sends),
        }

    def close(self) -> None:
        """End both directions for good."""
        self.sends = False
        self.receive(run=False)
        self.link.close()

    def _direction(self, failed: str, why: str, *, is_on: bool) -> Direction:
        state = "stopped" if not is_on else "failed" if failed else "running"
        return Direction(state, self.link.detail, (failed or why) if is_on else "")

    def _has_just_failed(self) -> bool:
        """One that fails again does so within this time."""
        return self._clock() - self._failed < 2 * AGAIN

    def _receiving(self, ended: threading.Event, *before: threading.Thread) -> None:
        """In its thread: receive, and begin again when that fails, until it is ended."""
        until = now() + _PATIENCE
        for thread in before:
            thread.join(max(until - now(), 0.0))
        while not ended.is_set():
            try:
                self.link.receive(self._deliver, ended.is_set)
                self._tell("", ended)
            except OSError as error:
                self._tell(str(error), ended)
            except Exception as error:  # noqa: BLE001 - as above
                self._tell(f"{type(error).__name__}: {error}", ended)
            ended.wait(AGAIN)

    def _deliver(self, address: str, data: bytes) -> None:
        if self.gate.lets_in(address):
            self._failed = float("-inf")
            self.arrived.append((address, data))
            self._news()

    def _tell(self, failed: str, ended: threading.Event) -> None:
        if not ended.is_set():
            self._unheard, self._failed = failed or "it has ended by itself", self._clock()
            self._news()
