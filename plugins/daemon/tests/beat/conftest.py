"""A cluster of real beat processes on the loopback interface, and monitors of a few lines that talk to them."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from opensvc_daemon.channel import connect

from opensvc_core.api import OpensvcError
from opensvc_core.instance.request import Request
from opensvc_core.testing import waiting
from opensvc_core.testing.ports import free_port

PROGRAM = Path(__file__).with_name("loopback.py")
# A node is several processes, each of them started anew.
wait_for = partial(waiting.wait_for, seconds=120.0)


class Monitor:
    """What a monitor is to beat: it pulses, asks, and keeps what it is told."""

    def __init__(self, path, interval):
        self._channel, self._interval = connect(path), interval
        self.told, self.lines, self.overtaken, self.begun = {}, [], 0, []
        self.pulse = {"state": "idle", "generation": 1, "merged": {}}
        self._sends, self._quiet, self._ended = threading.Lock(), threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._read, self._pulse)]

    def begin(self, incarnation=None):
        """Begin a life."""
        self.incarnation = incarnation or secrets.randbits(63) + 1
        self.say("begin", incarnation=self.incarnation, boot="0" * 32)
        for each in self._threads:
            if not each.is_alive():
                each.start()
        wait_for(lambda: self.incarnation in self.begun, "begun")
        return self

    def say(self, do, **more):
        with self._sends:
            self._channel.send({"do": do, **more})

    def hang(self):
        """Pulse no more."""
        self._quiet.set()

    def go_on(self):
        self._quiet.clear()

    def change(self, **values):
        """Pulse something else at once."""
        self.pulse = {**self.pulse, **values}
        self.say("pulse", **self.pulse)

    def peer(self, name):
        return self.told.get("peers", {}).get("peers", {}).get(name, {})

    def contact(self, name):
        return self.peer(name).get("contact")

    def link(self, name):
        return self.told.get("links", {}).get("links", {}).get(name, {})

    def lease(self, service):
        return self.told.get("leases", {}).get("leases", {}).get(service, {}).get("state", "none")

    def is_closed(self):
        return not self._threads[0].is_alive()

    def close(self):
        self._ended.set()
        with contextlib.suppress(OSError):
            self._channel._socket.shutdown(socket.SHUT_RDWR)
        for each in self._threads:
            if each.ident:
                each.join()
        self._channel.close()

    def _read(self):
        with contextlib.suppress(OSError):
            while (message := self._channel.receive()) is not None:
                kind = message["tell"]
                if kind == "log":
                    self.lines.append(message)
                elif kind == "overtaken":
                    self.overtaken += 1
                elif kind == "begun":
                    self.begun.append(message["incarnation"])
                else:
                    self.told[kind] = message

    def _pulse(self):
        while not self._ended.wait(self._interval / 2):
            if not self._quiet.is_set():
                with contextlib.suppress(OSError):
                    self.say("pulse", **self.pulse)


class Beating:
    """A node: its files, its beat process, its monitor."""

    def __init__(self, root, name, interval):
        self.root, self.name, self.interval = root, name, interval
        self.process, self.monitor, self.services = None, None, []
        for folder in ("etc", "var", "run", "log"):
            (root / folder).mkdir(parents=True)

    def start(self):
        """Start beat, and wait for its socket."""
        errors = (self.root / "log" / "errors").open("ab")
        with errors:
            argv = [sys.executable, str(PROGRAM), "--root", str(self.root), "--node", self.name]
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=errors)
        return self

    def watch(self, incarnation=None):
        """A monitor begins."""
        wait_for(self._answers, f"the socket of {self.name}: {self.errors()}")
        self.monitor = Monitor(self.root / "run" / "beat.sock", self.interval).begin(incarnation)
        return self.monitor

    def up(self):
        """Both."""
        self.start().watch()
        return self.monitor

    def cut(self):
        (self.root / "cut").touch()

    def heal(self):
        (self.root / "cut").unlink()

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        return self.process.wait(60)

    def errors(self):
        return (self.root / "log" / "errors").read_text()

    def log(self):
        return (self.root / "log" / "node.log").read_text()

    def end(self):
        for service in self.services:
            with contextlib.suppress(OpensvcError):
                service.perform(Request("stop"), lambda event: None)
        if self.monitor:
            self.monitor.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def _answers(self):
        with contextlib.suppress(OSError):
            connect(self.root / "run" / "beat.sock").close()
            return True
        assert self.process.poll() is None, self.errors()
        return False


class Cluster:
    """Nodes by name."""

    def __init__(self, folder, *, names=("n1", "n2"), links=("hb#1",), interval=0.1, timeout=1.5, members="", more=""):
        self.interval, self.timeout = interval, timeout
        self.secret = secrets.token_hex(16)
        self.links, self.members, self.more = links, members or " ".join(names), more
        self.ports = {(link, name): free_port() for link in links for name in names}
        self.nodes = {name: Beating(folder / name, name, interval) for name in names}
        self.configure()

    def configure(self, *names, **changes):
        """Write the configuration of all nodes, or of some."""
        vars(self).update(changes)
        for name in names or self.nodes:
            (self.nodes[name].root / "etc" / "cluster.conf").write_text(self.text())

    def text(self):
        found = f"[cluster]\nid = c1\nname = tests\nnodes = {self.members}\nsecret = {self.secret}\n{self.more}\n"
        for link in self.links:
            ports = "".join(f"port@{name} = {port}\n" for (one, name), port in self.ports.items() if one == link)
            found += f"[{link}]\ntype = loopback\ninterval = {self.interval}\ntimeout = {self.timeout}\n{ports}\n"
        return found

    def up(self):
        """All nodes, hearing one another."""
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.watch()
        self.wait_for_contact()
        return tuple(self.nodes.values())

    def wait_for_contact(self):
        for node in self.nodes.values():
            for peer in self.nodes.keys() - {node.name}:
                wait_for(lambda node=node, peer=peer: node.monitor.contact(peer) == "beating", f"{peer} at {node.name}")

    def end(self):
        for node in self.nodes.values():
            node.end()


@pytest.fixture
def arbitrator(tmp_path):
    """Starts an arbitrator for a secret; gives its place."""
    begun = []

    def begin(secret):
        (tmp_path / "secret").write_text(secret)
        argv = [sys.executable, "-m", "opensvc_daemon.guards.arbitrator", "--name", "a1", "--secret-file", str(tmp_path / "secret")]
        argv += ["--state", str(tmp_path / "state"), "--listen", "127.0.0.1", "--port", "0"]
        begun.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        return begun[-1].stdout.readline().rpartition(" ")[2].strip()

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


@pytest.fixture
def until():
    return wait_for


@pytest.fixture
def cluster(tmp_path):
    """Makes clusters: `cluster(names=…, interval=…)`."""
    made = []

    def make(**more):
        made.append(Cluster(tmp_path / str(len(made)), **more))
        return made[-1]

    assert os.geteuid() == 0, "needs root, as beat does"
    yield make
    for each in made:
        each.end()
