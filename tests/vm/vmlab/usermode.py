"""A kernel that is a process of the host (User Mode Linux): one machine, many times as fast as an emulated processor."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from lab import owner, syscalls
from lab.commands import ENVIRONMENT
from lab.places import BIN
from lab.switch import run

from vmlab.channel import Channel
from vmlab.inside import Inside
from vmlab.kernel import program
from vmlab.site import GUEST

MEMORY: Final = 512  # megabytes
DISK: Final = "256M"  # of its own one; sparse
BOOT: Final = 180.0  # a loaded machine; it takes two
LONGEST: Final = 3500  # bytes: its terminal takes 4096 at once
# to try a program where it is not costs as much as to start it where it is: the tools that are used most stand first
PATH: Final = f"/usr/sbin:/usr/bin:{BIN}:/usr/local/sbin:/usr/local/bin"
# each command of LVM looks at all that is in /dev, of which old terminals would be the most
CONSOLE: Final = ("con=null", "con0=null,fd:1", "pty.legacy_count=0")


@dataclass(frozen=True)
class Hardware:
    """What one has beside the bare machine: arguments of its kernel, words for its first program, a command line that begins it."""

    devices: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    around: tuple[str, ...] = ()


def drives(root: Path | None, shared: Sequence[Path] = ()) -> tuple[str, ...]:
    """Disks, each a file: its own one, for what it changes, made where it is missing; and those that others have, see `shared_device`."""
    if root and not root.exists():
        run(["mke2fs", "-q", "-t", "ext4", str(root), DISK])
    # "c", unlocked: after a reset of the machine a process of its life before still has the lock for a moment
    return (*((f"ubd0c={root}",) if root else ()), *(f"ubd{number}c={file}" for number, file in enumerate(shared, 1)))


def shared_device(number: int = 0) -> str:
    """The device that the shared disk with a number is."""
    return f"/dev/ubd{'bcdefgh'[number]}"


class UserMode(Inside):
    """A machine that is up inside a `with`: it has the host's files, and changes none of them. Its own ones are in `folder` of the host.

    Where its kernel panics it is off: what a program does that aborts.
    """

    environment = MappingProxyType({**ENVIRONMENT, "PATH": PATH})

    def __init__(self, name: str = "v1", hardware: Hardware | None = None) -> None:
        super().__init__(name)
        self._hardware = hardware or Hardware()
        self._closing = ExitStack()
        self._booted, self.boots = Condition(), 0

    def __enter__(self) -> Self:
        self.power_on()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.power_off()

    def power_on(self) -> None:
        """Start it, with the files of its disk where it has one."""
        self.power_off()
        with self._closing as closing:
            self._build(closing)
            self._closing = closing.pop_all()

    def power_off(self) -> None:
        """Cut the power, of one that has ended by itself too: what was not synced is lost."""
        self._closing.close()

    @property
    def pid(self) -> int:
        """The process of its kernel."""
        pid = self._process.pid
        for _ in range(2):  # who makes its namespace, and a shell inside
            pid = int(run(["pgrep", "-P", str(pid)]).split()[0])
        return pid

    def give_way(self) -> None:
        """Let others have the processors first until it is powered off, where sessions share them out (sched(7), autogroup)."""
        with suppress(OSError):
            Path(f"/proc/{self.pid}/autogroup").write_text("10", encoding="ascii")  # of the kernel, which has a session of its own

    @property
    def is_up(self) -> bool:
        """Its kernel has neither ended nor been ended."""
        return self._process.poll() is None

    def wait_boot(self, before: int) -> None:
        """Wait until it has booted once more than `before`, an earlier value of `boots`."""
        with self._booted:
            is_up = self._booted.wait_for(lambda: self.boots > before, BOOT)
        assert is_up, f"{self.name} did not boot in {BOOT:g} s: {self.console}"

    @property
    def console(self) -> str:
        """What its kernel printed."""
        return (self.folder / "console").read_text(encoding="utf-8", errors="replace")

    def unit(self, megabytes: int = 64) -> str:
        """Make an empty SCSI disk that knows persistent reservations, the only one; its device."""
        return self._units(megabytes, 1)[0]

    def paths(self, megabytes: int = 64) -> tuple[str, str]:
        """Such a disk that is reached by three ways: its device, and that of the third way, which stands for another node."""
        device, *ways = self._units(megabytes, 3)
        return device, ways[-1]

    def _units(self, megabytes: int, ways: int) -> list[str]:
        return self(f"timeout 30 sh {self.folder}/vmlab/guest/unit.sh {megabytes} {ways}").stdout.split()

    def _build(self, closing: ExitStack) -> None:
        owner.sweep()
        self.folder = owner.new_folder()
        closing.callback(owner.remove, self.folder.name)
        shutil.copytree(GUEST, self.folder / "vmlab/guest", ignore=shutil.ignore_patterns("__pycache__"))
        if ready := _ready():
            (self.folder / "ready.so").write_bytes(ready)
        ours, its = socket.socketpair()
        before = self.boots
        self._channel = Channel(ours, self._note_boot)
        closing.callback(self._channel.close)
        with its:
            self._process = _begin(self.name, self.folder, its.fileno(), self._hardware)
        closing.callback(_end, self._process, self._channel)
        self.wait_boot(before)

    def _note_boot(self) -> None:
        with self._booted:
            self.boots += 1
            self._booted.notify_all()

    def _send(self, what: str, **words: Any) -> Future[dict[str, Any]]:
        assert self.is_up, f"{self.name} is off"
        size = len(json.dumps(words))
        assert size < LONGEST, f"{self.name}: {size} bytes are too many for its wire, which gets stuck: put them into a file in `folder`"
        return self._channel.ask(what, **words)


@functools.cache
def _ready() -> bytes:
    """A library for all programs of a machine, which makes large ones begin faster (ready.c); empty where there is no compiler."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "ready.so")
        with suppress(OSError):
            made = subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, GUEST / "ready.c"], capture_output=True, check=False)
            return library.read_bytes() if made.returncode == 0 else b""
    return b""


def _begin(name: str, folder: Path, wire: int, more: Hardware) -> subprocess.Popen[bytes]:
    kernel = program()
    hardware = [f"mem={MEMORY}M", *CONSOLE, f"ssl0=fd:{wire}", f"uml_dir={folder}", "umid=machine", *more.devices]
    words = {"lab": folder, "kernel": kernel.folder, "name": name, "python": os.path.realpath(BIN / "python"), **more.words}
    files = ["rootfstype=hostfs", "rootflags=/", "ro", *(f"{word}={value}" for word, value in words.items())]
    # in a namespace that ends with its first process, and that with its owner: the kernel's helpers are left by a kill otherwise
    apart = [*more.around, *_on_one_processor(), "unshare", "--pid", "--fork", "--kill-child", "sh", "-c", '"$@"; exit', "sh"]
    with (folder / "console").open("wb") as console:
        return subprocess.Popen(
            [*apart, str(kernel.program), *hardware, *files, "quiet", "init=/bin/sh", "--", str(folder / "vmlab/guest/usermode.sh")],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            pass_fds=[wire],
            start_new_session=True,
            preexec_fn=_end_with_owner,  # noqa: PLW1509 - it makes one system call
        )


def _on_one_processor() -> list[str]:
    """The kernel and a process in it take turns, and wake each other at each system call: on one processor that costs a fifth less.

    Machines of one worker of the tests have one of the processors, those of the next worker have the next.
    """
    processors = sorted(os.sched_getaffinity(0))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return ["taskset", "--cpu-list", str(processors[worker % len(processors)])]


def _end_with_owner() -> None:
    syscalls.die_with_parent(signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], channel: Channel) -> None:
    process.kill()
    process.wait()
    channel.wait_end()  # the kernel ends a moment after who began it
