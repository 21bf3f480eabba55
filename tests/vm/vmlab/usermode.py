"""A kernel that is a process of the host (User Mode Linux): one machine, no network, several times as fast as an emulated processor."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from lab import owner, syscalls
from lab.places import BIN

from vmlab.channel import Channel
from vmlab.inside import Inside
from vmlab.kernel import program
from vmlab.site import GUEST

MEMORY: Final = 512  # megabytes
BOOT: Final = 60.0


class UserMode(Inside):
    """A machine that is up inside a `with`: it has the host's files, and changes none of them. Its own ones are in `folder` of the host."""

    def __init__(self, name: str = "v1") -> None:
        super().__init__(name)
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        with self._closing as closing:
            self._build(closing)
            self._closing = closing.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.close()

    @property
    def console(self) -> str:
        """What its kernel printed."""
        return (self.folder / "console").read_text(encoding="utf-8", errors="replace")

    def unit(self, megabytes: int = 64) -> str:
        """Make an empty SCSI disk that knows persistent reservations, the only one; its device."""
        return self(f"timeout 30 sh {self.folder}/vmlab/guest/unit.sh {megabytes}").stdout.strip()

    def _build(self, closing: ExitStack) -> None:
        owner.sweep()
        self.folder = owner.new_folder()
        closing.callback(owner.remove, self.folder.name)
        shutil.copytree(GUEST, self.folder / "vmlab/guest", ignore=shutil.ignore_patterns("__pycache__"))
        ours, its = socket.socketpair()
        is_up = threading.Event()
        with its:
            process = _begin(self.name, self.folder, its.fileno())
        closing.callback(_end, process)
        self._channel = Channel(ours, is_up.set)
        closing.callback(self._channel.close)
        assert is_up.wait(BOOT), f"{self.name} did not boot in {BOOT:g} s: {self.console}"

    def _send(self, what: str, **words: Any) -> Future[dict[str, Any]]:
        return self._channel.ask(what, **words)


def _begin(name: str, folder: Path, wire: int) -> subprocess.Popen[bytes]:
    kernel = program()
    hardware = [f"mem={MEMORY}M", "con=null", "con0=null,fd:1", f"ssl0=fd:{wire}", f"uml_dir={folder}", "umid=machine"]
    words = {"lab": folder, "kernel": kernel.folder, "name": name, "python": os.path.realpath(BIN / "python")}
    files = ["rootfstype=hostfs", "rootflags=/", "ro", *(f"{word}={value}" for word, value in words.items())]
    # in a namespace that ends with its first process, and that with its owner: the kernel's helpers are left by a kill otherwise
    apart = ["unshare", "--pid", "--fork", "--kill-child"]
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


def _end_with_owner() -> None:
    syscalls.die_with_parent(signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
