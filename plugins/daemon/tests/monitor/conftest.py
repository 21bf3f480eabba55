"""Nodes of real processes on the loopback interface: beat, runner and monitor, each below a folder of its own."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from opensvc_daemon.channel import connect

from opensvc_core.api import DataPath, HeartbeatLink
from opensvc_core.driver.cluster import LinkPlace
from opensvc_core.testing import waiting
from opensvc_core.testing.ports import free_port

ALONE = Path(__file__).with_name("alone.py")
# A node is several processes, each of them started anew.
wait_for = partial(waiting.wait_for, seconds=120.0)


class House:
    """A node. `interval`, `timeout`: of its heartbeat."""

    def __init__(self, root, name):
        self.root, self.name, self.parts = root, name, {}
        for folder in ("etc", "var", "run", "log"):
            (root / folder).mkdir(parents=True)

    def write(self, name, text):
        (self.root / "etc" / name).write_text(text)

    def start(self, *parts):
        """Start what does not run of beat, runner and monitor."""
        for part in parts or ("beat", "runner", "monitor"):
            if part not in self.parts:
                program = [str(ALONE)] if part == "monitor" else ["-m", f"opensvc_daemon.{part}"]
                if part == "monitor":
                    (self.root / "run" / "test.sock").unlink(missing_ok=True)
                log = (self.root / "log" / f"{part}.err").open("ab")
                argv = [sys.executable, *program, "--root", str(self.root), "--node", self.name]
                self.parts[part] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
                log.close()
        return self

    def kill(self, *parts, number=signal.SIGKILL):
        """End processes at once, by their number."""
        for part in parts or tuple(self.parts):
            process = self.parts.pop(part, None)
            if process is not None:
                process.send_signal(number)
                process.wait(60)

    def stop(self):
        """End the daemon in good order, as its supervisor does."""
        monitor = self.parts.pop("monitor")
        monitor.terminate()
        assert monitor.wait(60) == 0, self.told()
        for part in ("runner", "beat"):
            if part in self.parts:
                process = self.parts.pop(part)
                process.terminate()
                process.wait(60)

    def told(self):
        """All that it wrote, for who has to find out why a test fails."""
        return "\n".join(f"-- {self.name}: {file.name}\n{file.read_text()[-6000:]}" for file in sorted((self.root / "log").rglob("*.*")))

    def command(self, line):
        """Run a command line of this node."""
        environ = {**os.environ, "OSVC_ROOT_PATH": str(self.root), "OSVC_NODENAME": self.name}
        program, *words = line.split()
        argv = [str(Path(sys.executable).with_name(program)), *words]
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"

    def log(self, service="svc1"):
        file = self.root / "log" / f"{service}.log"
        return file.read_text() if file.exists() else ""

    def call(self, name, *args, **more):
        """Call a method of what the monitor serves."""
        channel = wait_for(self._channel, f"the monitor of {self.name}")
        try:
            channel.send({"call": name, "args": args, "more": more})
            told = channel.receive()
        finally:
            channel.close()
        assert "error" not in told, told
        return told["answer"]

    def _channel(self):
        try:
            return connect(self.root / "run" / "test.sock")
        except OSError:
            return None

    def refused(self, name, *args, **more):
        """The line with which a call is refused."""
        channel = wait_for(self._channel, f"the monitor of {self.name}")
        channel.send({"call": name, "args": args, "more": more})
        told = channel.receive()
        channel.close()
        return told["error"]

    def instance(self, service="svc1", node=""):
        """What this node says of an instance."""
        found = self.call("document")["services"].get(service, {})
        return found.get("instances", {}).get(node or self.name, {})

    def node_of(self, name):
        return self.call("document")["nodes"][name]

    def is_up(self, service="svc1"):
        """Whether the flag that stands for the service is there."""
        return (self.root / "run" / "svc" / service / "fs#1.flag").exists()

    def wait(self, condition, what):
        """Wait for a condition of the cluster document."""
        return wait_for(lambda: condition(self.call("document")), lambda: f"{what}\n{self.told()}")

    def asked(self, wish, *to, service="svc1"):
        """Ask for something, and wait for its end."""
        number = self.call("ask", service, wish, list(to), "a test")["id"]

        def ended():
            found = self.call("request", number)
            return found if found and found["progress"] != "active" else None

        return wait_for(ended, lambda: f"{wish}\n{self.told()}")


CLUSTER = """
[cluster]
name = loop
secret = 00112233445566778899aabbccddeeff
nodes = {names}

[node]
ready_period = 0.2
maintenance_grace_period = 300
rejoin_grace_period = 120

[hb#1]
type = unicast
interval = {interval}
timeout = {timeout}
port = {port}
"""
SERVICE = """
[DEFAULT]
nodes = {names}
orchestrate = ha
{more}
[fs#1]
type = flag
"""


class Street:
    """The houses of a cluster. Heartbeats are patient enough for a machine that stands still for some seconds."""

    def __init__(self, folder, names, port, *, timeout=6, interval=0.2):
        self.houses = {name: House(folder / name, name) for name in names}
        self.names = " ".join(names)
        for house in self.houses.values():
            addresses = "".join(f"addr@{name} = 127.0.0.{number}\n" for number, name in enumerate(names, 2))
            house.write("cluster.conf", CLUSTER.format(names=self.names, port=port, timeout=timeout, interval=interval) + addresses)

    def service(self, more="", name="svc1", text=SERVICE, on=None):
        for house in on or self.houses.values():
            house.write(f"{name}.conf", text.format(names=self.names, more=more))

    def __getitem__(self, name):
        return self.houses[name]

    def start(self):
        for house in self.houses.values():
            house.start()
        return self

    def end(self):
        for house in self.houses.values():
            house.kill()


@pytest.fixture
def street(tmp_path):
    """Make a cluster of some nodes; its processes end with the test."""
    if os.geteuid() != 0:
        pytest.skip("the daemon runs as root: run the tests as root")
    made = []

    def make(*names, **more):
        made.append(Street(tmp_path, names, free_port(), **more))
        return made[-1]

    yield make
    for each in made:
        each.end()


class Way(HeartbeatLink, DataPath):
    """A link in memory, of n1 to n2. `carry` is called with its name and each parcel that it is to carry, in some thread."""

    id = "hb.test"
    detail = "memory"

    def __init__(self, number, carry):
        super().__init__(LinkPlace(f"hb#{number}", "n1", "lab", {"n2": {}}), {})
        self._carry, self._woken = carry, threading.Event()

    def send(self, beat):
        pass

    def receive(self, deliver, stopped):
        self._woken.wait()

    def receive_data(self, deliver, stopped):
        self._woken.wait()

    def send_data(self, peer, data):
        self._carry(self.name, data)

    def wake(self):
        self._woken.set()

    def close(self):
        self._woken.set()


@pytest.fixture
def way():
    """Makes a link in memory, see Way."""
    return Way
