"""How the conformance suite tries ip.host: in a network of the test's own, which has a neighbour. The host's stays as it is."""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

import pytest

from opensvc_core.api import Service
from opensvc_core.testing.conformance import Case, Conformance
from opensvc_core.testing.waiting import wait_for
from opensvc_driver_ip.driver import Host

_CLONE_NEWNET: Final = 0x40000000
_TOOLS: Final = MappingProxyType({"unshare": "util-linux", "nsenter": "util-linux", "ip": "iproute2"})


class Network:
    """The device eth0 (10.99.0.1/24, fd99::1/64) here, and at its other end the neighbour's eth0 (10.99.0.2, fd99::2)."""

    def __init__(self, neighbour: subprocess.Popen[bytes]) -> None:
        self.neighbour = neighbour

    def run(self, line: str, *, at_neighbour: bool = False, code: int | None = 0) -> str:
        """Run a command here or at the neighbour; its output."""
        argv = [*(["nsenter", "-t", str(self.neighbour.pid), "-n"] if at_neighbour else ()), *shlex.split(line)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        assert code is None or done.returncode == code, f"{line}: {done.returncode}: {done.stderr}"
        return done.stdout

    def there(self, line: str, code: int | None = 0) -> str:
        """Run a command at the neighbour."""
        return self.run(line, at_neighbour=True, code=code)

    def mac(self, *, at_neighbour: bool = False) -> str:
        """The mac of eth0."""
        return str(json.loads(self.run("ip -j link show eth0", at_neighbour=at_neighbour))[0]["address"])

    def addresses(self, device: str = "eth0") -> list[str]:
        """`10.99.0.1/24 eth0`: addresses with their labels."""
        found = json.loads(self.run(f"ip -j addr show dev {device}"))[0]["addr_info"]
        return sorted(f"{one['local']}/{one['prefixlen']} {one.get('label', '')}".strip() for one in found if one["scope"] != "link")


class _Promises(Conformance):
    """An address that somebody takes away."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "test_time_limit_is_kept": "each of its waits has an end of its own",
            "test_paths_may_have_blanks_and_any_letters": "an address has no path",
        }
    )
    network: Network

    def lacks(self) -> str:
        """A network of the test's own."""
        return lacking()

    @pytest.fixture(autouse=True)
    def _network(self, _host: None) -> Iterator[None]:
        self._numbers = count(50)
        with network_of_its_own() as self.network:
            yield

    def address(self, number: int) -> tuple[str, str, str]:
        """An address of this number and its prefix, the device, the lines of the section."""
        raise NotImplementedError

    def case(self, folder: Path) -> Case:
        """Another address each time."""
        address, device, section = self.address(next(self._numbers))

        def remove(_service: Service) -> None:
            self.network.run(f"ip addr del {address} dev {device}")

        def footprint() -> object:
            return self.network.addresses(), self.network.addresses("lo")

        return Case(f"[ip#0]\n{section}\n", rid="ip#0", footprint=footprint, remove=remove)


class Version4Promises(_Promises):
    """Of the network of a device."""

    def address(self, number: int) -> tuple[str, str, str]:
        """The prefix is that of the device."""
        return f"10.99.0.{number}/24", "eth0", f"ipname = 10.99.0.{number}\nipdev = eth0"


class LabelPromises(_Promises):
    """With a label, of the host alone."""

    def address(self, number: int) -> tuple[str, str, str]:
        """The label has its number."""
        section = f"type = host\nipname = 10.1.0.{number}\nipdev = lo:{number}\nnetmask = 255.255.255.255"
        return f"10.1.0.{number}/32", "lo", section


class Version6Promises(_Promises):
    """Of version 6, of the host alone."""

    def lacks(self) -> str:
        """A kernel that knows version 6."""
        return super().lacks() or ("" if Path("/proc/net/if_inet6").exists() else "this kernel has no IPv6: boot it without ipv6.disable=1")

    def address(self, number: int) -> tuple[str, str, str]:
        """The prefix is that of one address."""
        return f"fd01::{number}/128", "lo", f"ipname = fd01::{number}\nipdev = lo"


def lacking() -> str:
    """What this host lacks for a network of the test's own, with the remedy; empty: nothing."""
    if os.geteuid() != 0:
        return "network namespaces are made: run it as root"
    missing = [f"{tool} is missing: install {package}" for tool, package in _TOOLS.items() if not shutil.which(tool)]
    return Host.host_problem() or "; ".join(missing)


@contextmanager
def network_of_its_own() -> Iterator[Network]:
    """Two hosts on one wire; this thread is on the first."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    old = os.fstat(before).st_ino
    neighbour = subprocess.Popen(["unshare", "-n", "sleep", "600"])
    try:
        if libc.unshare(_CLONE_NEWNET):
            pytest.skip(f"no network namespace can be made ({os.strerror(ctypes.get_errno())}): run it where CAP_SYS_ADMIN is given")
        while Path(f"/proc/{neighbour.pid}/ns/net").stat().st_ino == old:
            assert neighbour.poll() is None
            time.sleep(0.005)
        made = Network(neighbour)
        _set_up(made)
        yield made
    finally:
        if libc.setns(before, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        os.close(before)
        neighbour.kill()
        neighbour.wait()


def _set_up(network: Network) -> None:
    network.run("ip link set lo up")
    network.there("ip link set lo up")
    network.run(f"ip link add eth0 type veth peer name eth0 netns {network.neighbour.pid}")
    for number, run in ((1, network.run), (2, network.there)):
        run(f"ip addr add 10.99.0.{number}/24 brd + dev eth0")
        run(f"ip addr add fd99::{number}/64 dev eth0 nodad")
        run("ip link set eth0 up")
    # the kernel notes a carrier a moment later; before that nothing is sent
    wait_for(lambda: all(json.loads(run("ip -j link show eth0"))[0]["operstate"] == "UP" for run in (network.run, network.there)))
