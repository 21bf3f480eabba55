"""The hardware of a guest while it has power: its processes on the host and the two wires to them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import lab
from lab.places import TOP

from vmlab import qemu
from vmlab.channel import Channel
from vmlab.guard import Spec
from vmlab.monitor import Monitor
from vmlab.qemu import Hardware
from vmlab.site import Site

GUARD: Final = Path(__file__).with_name("guard.py")


class Machine:
    """A running one; `when_up` is called, in another thread, whenever it has booted."""

    def __init__(self, site: Site, name: str, index: int, memory: int, when_up: Callable[[], None]) -> None:
        agent, other_agent = socket.socketpair()
        monitor, other_monitor = socket.socketpair()
        with ExitStack() as closing:
            closing.enter_context(other_agent)
            closing.enter_context(other_monitor)
            hardware = Hardware(name, index, memory, site.kernel.image, other_agent.fileno(), other_monitor.fileno())
            self._guard = _guard(site, hardware)
        assert self._guard.stdout
        self._log = site.folder / f"{name}.log"
        self.pid = int(self._guard.stdout.readline() or 0)
        self._channel = Channel(agent, when_up)
        self.ask = self._channel.ask
        try:
            self.monitor = Monitor(monitor)
        except OSError:
            self._channel.close()
            raise RuntimeError(f"{name} does not start: {self._log.read_text(encoding='utf-8')}") from None

    @property
    def is_on(self) -> bool:
        """Nobody ended it, and it has not powered itself off."""
        return self._guard.poll() is None

    def end(self) -> None:
        """End its processes, by their guard, whose own children they are."""
        assert self._guard.stdin and self._guard.stdout
        self._guard.stdin.close()
        self._guard.wait(120)
        self._guard.stdout.close()
        self._channel.close()
        self.monitor.close()


def _guard(site: Site, hardware: Hardware) -> subprocess.Popen[str]:
    fds = [hardware.agent, hardware.monitor]
    spec: Spec = {
        "owner": os.getpid(),
        "network": site.network,
        "folder": str(site.folder),
        "places": list(site.places.values()),
        "socket": f"{hardware.name}.files",
        "files": qemu.files(site.folder / "base"),
        "qemu": qemu.machine(hardware),
        "fds": fds,
    }
    with (site.folder / f"{hardware.name}.log").open("ab") as log:
        guard = subprocess.Popen(
            [sys.executable, "-S", str(GUARD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            pass_fds=fds,
            start_new_session=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": os.pathsep.join(map(str, (Path(lab.__file__).parents[1], TOP)))},
        )
    assert guard.stdin
    guard.stdin.write(json.dumps(spec) + "\n")
    guard.stdin.flush()
    return guard
