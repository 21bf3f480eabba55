"""A node: a machine made of namespaces."""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lab import commands, disk, helper
from lab.commands import Done
from lab.faults import Direction, Faults
from lab.files import Files
from lab.groups import Groups
from lab.site import PATH, Site, address
from lab.switch import Seat
from opensvc_core.testing.waiting import wait_for


class Node:
    """A machine of the lab. Calling it runs a command line in it."""

    def __init__(self, name: str, index: int, site: Site) -> None:
        self.name, self._index, self._site = name, index, site
        self._faults = Faults()
        self._seat = Seat(name, index, self._faults)
        self._groups = Groups.of(f"{site.label}.{name}")
        self._begun: list[subprocess.Popen[str]] = []
        self._guard: subprocess.Popen[str] | None = None
        self._pid, self._is_new = 0, True
        # a fence agent of another node may come while somebody switches it on
        self._switching = threading.RLock()

    def __repr__(self) -> str:
        return f"<{self.name} {'up' if self.is_up else 'off'}>"

    @property
    def is_up(self) -> bool:
        """It is powered on, frozen or not."""
        return bool(self._pid and self._guard and self._guard.poll() is None)

    @property
    def pid(self) -> int:
        """Its process 1, as the host counts."""
        assert self.is_up, f"{self.name} is off"
        return self._pid

    @property
    def netns(self) -> str:
        """The path of its network namespace."""
        return f"/proc/{self.pid}/ns/net"

    def address(self, ring: int = 0) -> str:
        """Its IPv4 address on a ring."""
        return address(self._index, ring)

    def __call__(self, line: str, *, code: int | None = 0, stdin: str = "", timeout: float = 120, **environ: str) -> Done:
        """Run a command line; `code` is what it has to end with, None: anything. Seconds of timeout."""
        process = commands.begin(self._groups, self.pid, line, environ, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            found = commands.finish(process, self._groups, stdin, timeout)
        except AssertionError as error:
            raise AssertionError(f"{self.name}: {line}: {error}") from None
        assert "Traceback" not in found.stdout + found.stderr, f"{self.name}: {line}: {found}"
        assert code is None or found.code == code, f"{self.name}: {line}: {found}"
        return found

    def begin(self, line: str, **environ: str) -> subprocess.Popen[str]:
        """Run a command line in the background, in a session of its own; both outputs are its stdout. It ends with the lab."""
        process = commands.begin(self._groups, self.pid, line, environ, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self._begun.append(process)
        return process

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file, with the folders above it."""
        with self._files() as files:
            files.write(path, text, mode)

    def read(self, path: str) -> str:
        """The text of a file."""
        if path.startswith("/proc/"):  # what it says depends on who reads
            return self(f"cat {shlex.quote(path)}").stdout
        with self._files() as files:
            return files.read(path)

    def exists(self, path: str) -> bool:
        """Something is there."""
        with self._files() as files:
            return files.exists(path)

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Wait until something holds."""
        wait_for(condition, f"{self.name}: it does not come", seconds=seconds)

    # power

    def power_on(self) -> None:
        """Start it, with the files that its root had; /run and /tmp are empty."""
        with self._switching:
            if not self.is_up:
                self.power_off()  # what is left of a node that ended by itself, as at a reboot
                self.begin_power_on()
                self.end_power_on()

    def begin_power_on(self) -> None:
        """The first half of power_on: several nodes may do it at once."""
        self._groups.make()
        spec = self._site.spec(self._seat, self._groups, is_new=self._is_new)
        with self._console.open("ab") as console:
            self._guard = subprocess.Popen(
                helper.program("process1"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=console,
                text=True,
                start_new_session=True,
                env={"PATH": PATH},
            )
        assert self._guard.stdin
        self._guard.stdin.write(json.dumps(spec))
        self._guard.stdin.close()
        self._guard.stdin = None

    def end_power_on(self) -> None:
        """The second half: the node is up, on the network, and answers ssh."""
        assert self._guard and self._guard.stdout
        with self._guard.stdout as output:
            self._pid = int(output.readline() or 0)
            if output.read() != "ready\n":
                raise RuntimeError(f"{self.name} does not start: {self._console.read_text(encoding='utf-8')}")
        self._site.switch.plug(self._seat, self._pid)
        self._is_new = False
        self.wait_for(lambda: self.exists("/run/sshd.pid"))
        self.add_hosts()
        if self._site.init == "systemd":
            self.wait_for(lambda: self("systemctl is-system-running", code=None).stdout in {"running\n", "degraded\n"}, 120)

    def power_off(self) -> None:
        """Cut the power: processes, addresses and mounts are gone, journals on shared disks stay dirty, nobody was told."""
        with self._switching:
            if self._guard:
                with suppress(FileNotFoundError):
                    self._groups.freeze(on=True)
                    disk.shut_down(self._groups.pids())
                self._end()
                self._site.switch.unplug(self._seat)

    def close(self) -> None:
        """End it for good."""
        if self._guard:
            self._end()
        for process in self._begun:
            if process.stdout:
                process.stdout.close()

    def _end(self) -> None:
        """End all processes and what only they held."""
        assert self._guard
        self._groups.kill()
        self._guard.wait()
        if self._guard.stdout:
            self._guard.stdout.close()
        for process in self._begun:
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
        self._guard = None
        self._groups.remove()

    def prefer(self) -> None:
        """Let it have the processors before anybody else, until it is powered off: what is measured then is the node."""
        self._groups.prefer()

    def freeze(self) -> None:
        """Hang it: no process runs, the kernel still answers pings and connections."""
        self._groups.freeze(on=True)

    def thaw(self) -> None:
        """Let it go on."""
        self._groups.freeze(on=False)

    # network

    def cut(self, ring: int | None = None, direction: Direction = "both") -> None:
        """Drop its frames at the switch: of one ring or all, of what it receives ("in"), sends ("out") or both."""
        self._faults.add_cut(ring, direction)
        self._site.switch.filter(self._seat)

    def heal(self) -> None:
        """End all cuts."""
        self._faults.cut.clear()
        self._site.switch.filter(self._seat)

    def loss(self, percent: float) -> None:
        """Lose a share of the frames in both directions; 0 ends it."""
        self._faults.loss = percent
        self._site.switch.filter(self._seat)

    def delay(self, milliseconds: float, jitter: float = 0) -> None:
        """Delay frames in both directions, each by up to `jitter` more or less; 0 ends it."""
        self._faults.delay, self._faults.jitter = milliseconds, jitter
        self._site.switch.set_delay(self._seat, is_plugged=self.is_up)

    def carrier(self, ring: int, *, on: bool = False) -> None:
        """Set its port at the switch up or down: the node sees whether there is a carrier."""
        self._faults.set_carrier(ring, on=on)
        if self.is_up:
            self._site.switch.set_carriers(self._seat)

    # inside

    def entering(self, argv: list[str]) -> list[str]:
        """The command line that runs another one in the node."""
        return commands.entering(self._groups, self.pid, argv)

    def add_hosts(self) -> None:
        """Add the lab's names to /etc/hosts, those that are not there."""
        text = self.read("/etc/hosts")
        if new := [line for line in self._site.hosts if line not in text.splitlines()]:
            self.write("/etc/hosts", "\n".join([text.rstrip("\n"), *new, ""]))

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link at a path."""
        with self._files() as files:
            files.link(path, target)

    def _files(self) -> Files:
        return Files(f"/proc/{self.pid}/root")

    @property
    def _console(self) -> Path:
        return self._site.folder / f"{self.name}.console"
