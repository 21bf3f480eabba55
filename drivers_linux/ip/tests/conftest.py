"""A network of the test's own: its thread is moved into a new namespace, a neighbour lives in another one. The host's stays as it is."""

import ctypes
import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

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
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
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


@pytest.fixture
def network():
    """Two hosts on one wire; the test is the first."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made: run it as root")
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    neighbour = subprocess.Popen(["unshare", "-n", "sleep", "600"])
    try:
        _checked(_LIBC.unshare(_CLONE_NEWNET))
        while Path(f"/proc/{neighbour.pid}/cmdline").read_bytes().startswith(b"unshare"):
            assert neighbour.poll() is None
        made = Network(neighbour)
        _set_up(made)
        yield made
    finally:
        _checked(_LIBC.setns(before, _CLONE_NEWNET))
        os.close(before)
        neighbour.kill()
        neighbour.wait()
