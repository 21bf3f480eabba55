"""A network of the test's own: its thread is moved into a new namespace, a neighbour lives in another one. The host's stays as it is."""

import ctypes
import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from opensvc_driver_ip import probe

from opensvc_core.instance.request import Request
from opensvc_core.testing.waiting import wait_for

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def _checked(result):
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Network:
    """The device eth0 (10.99.0.1/24, fd99::1/64) here, and at its other end the neighbour's eth0 (10.99.0.2, fd99::2)."""

    def __init__(self, neighbour):
        self.neighbour = neighbour

    def run(self, line, *, at_neighbour=False, code=0):
        """Run a command here or at the neighbour; its output."""
        argv = [*(["nsenter", "-t", str(self.neighbour.pid), "-n"] if at_neighbour else ()), *shlex.split(line)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        assert code is None or done.returncode == code, f"{line}: {done.returncode}: {done.stderr}"
        return done.stdout

    def there(self, line, code=0):
        """Run a command at the neighbour."""
        return self.run(line, at_neighbour=True, code=code)

    def mac(self, *, at_neighbour=False):
        """The mac of eth0."""
        return json.loads(self.run("ip -j link show eth0", at_neighbour=at_neighbour))[0]["address"]

    def addresses(self, device="eth0"):
        """`10.99.0.1/24 eth0`: addresses with their labels."""
        found = json.loads(self.run(f"ip -j addr show dev {device}"))[0]["addr_info"]
        return sorted(f"{one['local']}/{one['prefixlen']} {one.get('label', '')}".strip() for one in found if one["scope"] != "link")


def _set_up(network):
    network.run("ip link set lo up")
    network.there("ip link set lo up")
    network.run(f"ip link add eth0 type veth peer name eth0 netns {network.neighbour.pid}")
    for number, run in ((1, network.run), (2, network.there)):
        run(f"ip addr add 10.99.0.{number}/24 brd + dev eth0")
        run(f"ip addr add fd99::{number}/64 dev eth0 nodad")
        run("ip link set eth0 up")
    # the kernel notes a carrier a moment later; before that nothing is sent
    wait_for(lambda: all(json.loads(run("ip -j link show eth0"))[0]["operstate"] == "UP" for run in (network.run, network.there)))


@pytest.fixture
def network():
    """Two hosts on one wire; the test is the first."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made: run it as root")
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    old = os.fstat(before).st_ino
    neighbour = subprocess.Popen(["unshare", "-n", "sleep", "600"])
    try:
        _checked(_LIBC.unshare(_CLONE_NEWNET))
        while Path(f"/proc/{neighbour.pid}/ns/net").stat().st_ino == old:
            assert neighbour.poll() is None
            time.sleep(0.005)
        made = Network(neighbour)
        _set_up(made)
        yield made
    finally:
        _checked(_LIBC.setns(before, _CLONE_NEWNET))
        os.close(before)
        neighbour.kill()
        neighbour.wait()


class One:
    """A service with addresses, and what its last action said."""

    def __init__(self, node):
        self.node, self.service, self.events = node, None, []

    def has(self, text, suffix=".conf"):
        file = self.node.paths.etc / f"web{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.service = self.node.service("web")
        return self

    def ip(self, address="10.99.0.50", device="eth0", more="", rid="ip#0"):
        """The section of an address."""
        return f"[{rid}]\nipname = {address}\nipdev = {device}\n{more}\n"

    def do(self, action, **options):
        self.events = []
        noted = self.service.perform(Request(action, **options), self.events.append)
        return [operation.text for operation in noted if operation.is_change]

    def said(self, layout):
        return [line for event in self.events for line in layout.lines(event)]

    def warnings(self):
        return [event.text for event in self.events if event.level.value == "WARNING"]

    def shown(self, rid="ip#0"):
        return next(one for one in self.service.status().local.resources if one.rid == rid)

    def seen(self, rid="ip#0"):
        found = self.shown(rid)
        return found.status, [message.text for message in found.messages]


@pytest.fixture
def one(network, node_below):
    return One(node_below)


@pytest.fixture
def until():
    """Waits until a condition holds."""
    return wait_for


@pytest.fixture
def lasting(monkeypatch):
    """Neighbours are asked for so long that nobody takes it for a start that ends before; in seconds."""
    slow = probe.Pace(5, 10.0, 10.0)
    monkeypatch.setattr(probe, "THOROUGH", slow)
    return slow.seconds
