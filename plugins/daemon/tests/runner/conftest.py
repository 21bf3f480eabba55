"""A runner below a temporary folder, and a client of it."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opensvc_daemon.channel import Channel, connect

from opensvc_core.testing.waiting import wait_for

Message = dict[str, Any]
LAST = ("done", "running")


class Talk:
    """A client: the monitor's end."""

    def __init__(self, path: Path) -> None:
        self.channel = wait_for(lambda: _connected(path))
        self._came: list[Message] = []
        self._number = 0
        self.is_open = True

    def send(self, do: str, **fields: Any) -> int:
        """Send an order; its number."""
        self._number += 1
        self.channel.send({"id": self._number, "do": do, **fields})
        return self._number

    def do(self, do: str, **fields: Any) -> list[Message]:
        """Send an order, and wait for all of its answers."""
        return self.answers(self.send(do, **fields))

    def answers(self, number: int) -> list[Message]:
        """All that is told of an order, to the last word."""
        found: list[Message] = []
        while not found or found[-1]["tell"] not in LAST:
            found.append(self.until(lambda message: message.get("id") == number))
        return found

    def act(self, service: str, action: str, **fields: Any) -> Message:
        """An action; how it ended."""
        return self.do("act", service=service, action=action, **fields)[-1]

    def status(self, service: str) -> Message:
        """What is to be seen of a service."""
        found: Message = self.do("status", services=[service])[0]["status"]
        return found

    def changed(self, service: str, rid: str | None = None, seconds: float = 60.0) -> Message:
        """The next news of a service, or of one of its resources."""
        return self.until(
            lambda message: message["tell"] == "changed" and message["service"] == service and rid in (None, message["rid"]), seconds
        )

    def forget(self) -> None:
        """Forget the news that have come so far."""
        while self._pull(0):
            pass
        self._came = [message for message in self._came if message["tell"] != "changed"]

    def until(self, is_it: Callable[[Message], bool], seconds: float = 60.0) -> Message:
        """The first message of a kind that comes, or has come."""
        end = time.monotonic() + seconds
        while True:
            for message in self._came:
                if is_it(message):
                    self._came.remove(message)
                    return message
            assert self.is_open, "the runner has closed"
            left = end - time.monotonic()
            assert left > 0, f"it does not come; what came: {self._came}"
            self._pull(left)

    def is_closed(self, seconds: float = 60.0) -> bool:
        """Whether the runner closes the connection in time."""
        end = time.monotonic() + seconds
        while self.is_open and time.monotonic() < end:
            self._pull(end - time.monotonic())
        return not self.is_open

    def _pull(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.channel.fileno(), select.POLLIN)
        if not self.is_open or not poll.poll(seconds * 1000):
            return False
        try:
            self.is_open = self.channel.pull()
        except ConnectionError:
            self.is_open = False
        self._came.extend(self.channel.pending())
        return self.is_open


class Runner:
    """A runner process. `before` are words of a command that starts it in other surroundings."""

    def __init__(self, root: Any) -> None:
        self.root, self._talks = root, list[Channel]()
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self, *before: str, **environ: str) -> Talk:
        """Start it, and talk to it."""
        argv = [*before, sys.executable, "-P", "-m", "opensvc_daemon.runner", "--root", str(self.root.folder), "--node", "n1"]
        with (self.root.folder / "runner.err").open("ab") as log:
            self.process = subprocess.Popen(
                argv, env=self.root.environment(environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self.talk()

    def talk(self) -> Talk:
        """A new client."""
        talk = Talk(self.root.folder / "run/runner.sock")
        self._talks.append(talk.channel)
        return talk

    @property
    def pid(self) -> int:
        """Its number, also where `before` has begun it."""
        assert self.process is not None
        return self.process.pid

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End it; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def said(self) -> str:
        """What it has printed."""
        return str((self.root.folder / "runner.err").read_text())

    def close(self) -> None:
        """End it, if it lives, and all connections."""
        for channel in self._talks:
            channel.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()


@pytest.fixture
def runner(root) -> Iterator[Runner]:
    """A runner of the node `root`, not started yet; ended with all that it has begun."""
    found = Runner(root)
    try:
        yield found
    finally:
        found.close()
        assert "Traceback" not in found.said() if (root / "runner.err").exists() else True


@pytest.fixture
def talk(runner) -> Talk:
    """A client of a runner that has been started."""
    return runner.begin()


@pytest.fixture
def flags(root) -> Callable[..., None]:
    """Writes services whose one resource is a flag."""

    def write(*names: str, more: str = "") -> None:
        for name in names:
            root.write(f"etc/{name}.conf", f"[DEFAULT]\nnodes = n1\n[fs#1]\ntype = flag\n{more}")

    return write


@pytest.fixture
def driver(root) -> Callable[[str, str], dict[str, str]]:
    """Makes a distribution with a driver `app.NAME`, and tells the environment in which it is installed."""

    def make(name: str, text: str) -> dict[str, str]:
        site = root.folder / "site"
        info = site / f"test_{name}-1.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "entry_points.txt").write_text(f"[opensvc.drivers]\napp.{name} = test_{name}\n")
        (site / f"test_{name}.py").write_text(_DRIVER.format(name=name) + text)
        return {"PYTHONPATH": str(site)}

    return make


_DRIVER = """
import os
import threading
import time
from opensvc_core.api import Resource, Status, Startable, Already, hookimpl


class Made(Resource, Startable):
    id = "app.{name}"

    def start(self):
        yield Already("it is up")

    def stop(self):
        yield Already("it is down")


@hookimpl
def opensvc_register_drivers():
    return [Made]


"""


def is_alive(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _connected(path: Path) -> Channel | None:
    try:
        return connect(path)
    except OSError:
        return None


@pytest.fixture
def wait() -> Callable[..., Any]:
    """Waits for a condition, and gives what it comes to."""
    return wait_for


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Tells whether a process is there and has not ended."""
    return is_alive
