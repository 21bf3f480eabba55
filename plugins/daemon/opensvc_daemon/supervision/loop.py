"""The loop of the supervisor: parts that end are begun again, signals are obeyed, systemd hears that all is well."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from opensvc_daemon.supervision.part import Part, how, now
from opensvc_daemon.supervision.pulse import answers
from opensvc_daemon.supervision.record import Record
from opensvc_daemon.supervision.systemd import Manager

# What the monitor ends with when the daemon is to stop.
STOPPED: Final = 0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_ROUND: Final = 1.0
_BEGINNING: Final = 0.05


class Setup(NamedTuple):
    """Where the daemon lives, and its patience in seconds.

    Parameters:
        parts: by name, in the order of the start, what begins each.
        api: the socket whose answer says that the daemon works.
        watched: files whose change has the monitor read its configuration anew.
        start_limit: how long the start may take.
        farewell: how long the monitor may take to say goodbye.
        beat_limit: how long beat may take to end once the monitor has gone; one that stays holds leases, and is left alone.
    """

    parts: Mapping[str, Sequence[str]]
    run: str
    log: str
    api: str
    watched: Sequence[str] = ()
    start_limit: float = 90.0
    farewell: float = 15.0
    beat_limit: float = 3.0
    answer_limit: float = 5.0


class Supervisor:
    """The daemon's processes, kept alive.

    `say(text)` writes to the log, `told(text)` hears `ready` or `failed: REASON` once, when it is known how the start went.
    """

    def __init__(self, setup: Setup, record: Record, manager: Manager, say: Callable[[str], None], told: Callable[[str], None]) -> None:
        self._setup, self._record, self._manager = setup, record, manager
        self._say, self._told = say, told
        self._parts = {name: Part(name, argv, f"{setup.log}/daemon.{name}.err") for name, argv in setup.parts.items()}
        self._is_ready, self._is_ending = False, False
        self._since, self._pinged, self._seen = time.time(), now(), self._stamps()
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def run(self) -> int:
        """Begin everything and keep it alive; the exit code, once it is over: 0, or 1 for a start that failed."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda _number, _frame: None)
        self._begin()
        limit = now() + self._setup.start_limit
        while True:
            code = self._round()
            if code is not None:
                return code
            if not self._is_ready and now() > limit:
                return self._fail(f"no answer from {self._setup.api} after {self._setup.start_limit:.0f} s; see {self._setup.log}/node.log")

    def _round(self) -> int | None:
        """Wait for something to happen, and see to it; the exit code, once it is over."""
        signals = self._wait()
        if signals & {signal.SIGTERM, signal.SIGINT}:
            return self._stop()
        for part in self._parts.values():
            if part.is_alive and part.fd is not None and self._has_ended(part):
                code = self._lost(part)
                if code is not None:
                    return code
            elif part.due is not None and now() >= part.due:
                part.begin_again(now())
                self._note()
        self._look(signal.SIGHUP in signals)
        return None

    def _begin(self) -> None:
        """End what an earlier supervisor has left behind, beat excepted, which is kept; begin the rest."""
        left = self._record.processes()
        for name in ("monitor", "runner"):
            if name in left and left[name].send(signal.SIGKILL):
                self._say(f"ended the {name} of an earlier daemon (pid {left[name].pid})")
                left[name].wait(5.0)
        for name, part in self._parts.items():
            if name == "beat" and name in left and part.adopt(left[name], now()):
                self._say(f"beat goes on (pid {left[name].pid})")
            else:
                part.begin(now())
        self._note()

    def _wait(self) -> set[int]:
        """The signals that came, after a moment or as soon as something happens."""
        poll = select.poll()
        for descriptor in (self._reader, *(part.fd for part in self._parts.values() if part.fd is not None)):
            poll.register(descriptor, select.POLLIN)
        dues = [part.due - now() for part in self._parts.values() if part.due is not None]
        poll.poll(max(0.0, min([_ROUND if self._is_ready else _BEGINNING, *dues])) * 1000)
        try:
            return set(os.read(self._reader, 1024))
        except BlockingIOError:
            return set()

    def _has_ended(self, part: Part) -> bool:
        poll = select.poll()
        poll.register(part.fd or -1, select.POLLIN)
        return bool(poll.poll(0))

    def _lost(self, part: Part) -> int | None:
        code = part.ended(now())
        self._note()
        if part.name == "monitor" and code == STOPPED:
            return self._stop()
        words = part.last_words()
        text = f"{part.name} {how(code)}" + (f": {words}" if words else "")
        if not self._is_ready:
            return self._fail(text)
        assert part.due is not None
        self._say(f"{text}; it is begun again in {part.due - now():.1f} s")
        return None

    def _look(self, is_asked: bool) -> None:
        """What is due in each round: whether the daemon works, its configuration, systemd."""
        if not self._is_ready:
            if answers(self._setup.api, self._setup.answer_limit):
                self._is_ready = True
                self._told("ready")
                self._manager.tell("READY=1\nSTATUS=running")
            return
        stamps = self._stamps()
        if is_asked or stamps != self._seen:
            self._seen = stamps
            self._reload()
        if self._manager.ping and now() - self._pinged >= self._manager.ping:
            self._pinged = now()
            if all(part.is_alive for part in self._parts.values()) and answers(self._setup.api, self._setup.answer_limit):
                self._manager.tell("WATCHDOG=1")

    def _reload(self) -> None:
        monitor = self._parts["monitor"].process
        if monitor:
            monitor.send(signal.SIGHUP)

    def _stamps(self) -> list[tuple[int, int] | None]:
        return [_stamp(path) for path in self._setup.watched]

    def _fail(self, why: str) -> int:
        self._say(f"the daemon can't start: {why}")
        self._end_all()
        self._told(f"failed: {why}")
        return 1

    def _stop(self) -> int:
        """The monitor says goodbye and ends, then the others; services stay as they are."""
        self._manager.tell("STOPPING=1")
        self._end_all()
        if not self._is_ready:
            self._told("failed: the daemon was stopped while it started")
        self._say("the daemon stopped; services stay as they are")
        return STOPPED

    def _end_all(self) -> None:
        self._end("monitor", self._setup.farewell)
        self._end("runner", self._setup.beat_limit)
        beat = self._parts.get("beat")
        if beat and beat.process:
            beat.process.send(signal.SIGTERM)
            if not beat.process.wait(self._setup.beat_limit):
                self._say(f"beat (pid {beat.process.pid}) holds leases, and ends with them")
                self._record.write(self._since, {"beat": beat.process}, {})
                return
        self._record.clear()

    def _end(self, name: str, patience: float) -> None:
        part = self._parts.get(name)
        if part is None or part.process is None:
            return
        part.process.send(signal.SIGTERM)
        if not part.process.wait(patience):
            self._say(f"the {name} did not end within {patience:.0f} s, and is killed")
            part.process.send(signal.SIGKILL)
            part.process.wait(5.0)

    def _note(self) -> None:
        parts = {name: part.process for name, part in self._parts.items()}
        self._record.write(self._since, parts, {name: part.restarts for name, part in self._parts.items()})


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
