"""What the suite of heartbeats does: threads that receive, beats and messages that are sent until they arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

from opensvc_core.driver.cluster import DataPath, HeartbeatLink
from opensvc_core.testing import bench
from opensvc_core.testing.judging import kept

# How long anything may take that is not said to take longer, in seconds: only what is broken takes as long.
SOON: Final = 30.0


class Heard:
    """A thread that receives, and what it has heard."""

    def __init__(self, link: HeartbeatLink, receive: Callable[[Heard], None]) -> None:
        self.link, self.is_stopped = link, False
        self.beats: list[bytes] = []
        self.addresses: list[str] = []
        self.messages: list[bytes] = []
        self.error: BaseException | None = None
        self._thread = Thread(target=self._run, args=(receive,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Have it stop."""
        self.is_stopped = True
        self.link.wake()

    def ended(self, seconds: float | None = None) -> bool:
        """Whether it has ended, after so long at most; None: SOON."""
        self._thread.join(SOON if seconds is None else seconds)
        return not self._thread.is_alive()

    def settles_on(self, messages: list[bytes]) -> bool:
        """Whether these are what has arrived, after some time at most."""
        return until(lambda: self.messages == messages)

    def note(self, address: str, beat: bytes) -> None:
        """Take a beat."""
        self.addresses.append(address)
        self.beats.append(beat)

    def _run(self, receive: Callable[[Heard], None]) -> None:
        try:
            receive(self)
        except BaseException as error:  # noqa: BLE001 - the test looks at whatever it is
            self.error = error


@contextmanager
def hearing(link: HeartbeatLink, deliver: Callable[[str, bytes], None] | None = None) -> Iterator[Heard]:
    """Receive beats meanwhile."""
    yield from _until_stopped(Heard(link, lambda heard: link.receive(deliver or heard.note, lambda: heard.is_stopped)))


@contextmanager
def taking(link: HeartbeatLink) -> Iterator[Heard]:
    """Receive data meanwhile."""
    yield from _until_stopped(Heard(link, lambda heard: data_of(link).receive_data(heard.messages.append, lambda: heard.is_stopped)))


def _until_stopped(heard: Heard) -> Iterator[Heard]:
    try:
        yield heard
    finally:
        heard.stop()
        ended = heard.ended()
    kept(ended, "receiving ends when it is stopped", "it goes on")


def begin(sender: HeartbeatLink, heard: Heard) -> None:
    """Send until something is heard: sockets are opened, names resolved, slots claimed at the first beats."""
    count, begun = 0, len(heard.beats)

    def is_heard() -> bool:
        nonlocal count
        count += 1
        quietly(sender.send, b"begin %d" % count)
        time.sleep(0.02)
        return len(heard.beats) > begun

    kept(until(is_heard, 2 * SOON), "beats are heard", f"none was; troubles {dict(sender.troubles)}, receiving: {heard.error!r}")
    # what was sent in vain may still come
    kept(until(lambda: heard.beats[-1] == b"begin %d" % count), "the last beat sent is heard", f"the last one heard is {heard.beats[-1]!r}")


def carried(sender: HeartbeatLink, heard: Heard, beat: bytes) -> None:
    """Send a beat once and see it arrive."""
    sender.send(beat)
    kept(until(lambda: beat in heard.beats), "each beat arrives as it was sent", f"one of {len(beat)} bytes did not; {heard.error!r}")


def give(sender: HeartbeatLink, peer: str, message: bytes) -> None:
    """Send a message, more than once where the peer has only begun to receive."""
    failures: list[OSError] = []

    def is_given() -> bool:
        try:
            data_of(sender).send_data(peer, message)
        except OSError as error:
            failures.append(error)
            time.sleep(0.05)
            return False
        return True

    kept(until(is_given, 3 * SOON), "a message that is taken is sent", f"{failures[-1:]}")


def data_of(link: HeartbeatLink) -> DataPath:
    """The same link, as what carries data."""
    if not isinstance(link, DataPath):
        raise TypeError(f"{link.id} is no DataPath: its suite is LinkConformance")
    return link


def peer_of(link: HeartbeatLink) -> str:
    """The one peer."""
    return next(iter(link.place.peers))


def quietly(send: Callable[[bytes], None], beat: bytes) -> None:
    """Send, where the first attempts may be in vain."""
    try:
        send(beat)
    except OSError:
        return


def until(is_so: Callable[[], object], seconds: float | None = None) -> bool:
    """Whether something becomes so, in a time; None: SOON."""
    end = time.monotonic() + (SOON if seconds is None else seconds)
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def open_files() -> int:
    """How many descriptors this process has."""
    return len(bench.open_files())


def open_files_settled() -> int:
    """The same, when threads that end have closed theirs."""
    found = -1
    while found != open_files():
        found = open_files()
        time.sleep(0.05)
    return found
