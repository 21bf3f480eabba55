"""An arbitrator beside the guests: a process of the host with a network of its own, and a place at the switch."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

from lab import syscalls
from vmlab import VmLab

NAME: Final = "arb"
INDEX: Final = 8


class Arbitrator:
    """One that answers inside a `with`; it needs the cluster's secret and a folder."""

    def __init__(self, vms: VmLab, secret: str, folder: Path) -> None:
        file = folder / "secret"
        file.touch(0o600)
        file.write_text(f"{secret}\n", encoding="ascii")
        words = ["--name", NAME, "--secret-file", str(file), "--state", str(folder / "state")]
        self._argv = ["unshare", "--net", sys.executable, "-m", "opensvc_daemon.guards.arbitrator", *words]
        self._vms = vms

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: syscalls.die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it makes one system call
        )
        assert self._process.stdout
        assert "listens" in self._process.stdout.readline()
        self.uri = f"tcp://{self._vms.plug(NAME, INDEX, self._process.pid)}:1216"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
