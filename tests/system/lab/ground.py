"""The ground of a lab: a mount namespace and a network namespace that only the lab's owner holds.

The mount namespace has a root of its own in memory: `base` is the host's root file system without what is mounted in it, `places/N` are
the folders that the nodes share with the host, `nodes` and `disks` are what the lab writes. Nothing is mounted on the host, and the
kernel removes it all when the owner's last file descriptor closes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from lab import helper, syscalls


class Ground:
    """The namespaces of one lab, held open."""

    def __init__(self, mounts: int, network: int, root: int) -> None:
        self.mounts, self.network, self.root = mounts, network, root

    @classmethod
    def make(cls, folder: Path, places: list[str]) -> Self:
        """Make them; `folder` is an empty one that the root is built on, unseen by the host."""
        with subprocess.Popen(
            helper.program("ground", str(folder), *places), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin and process.stdout and process.stderr
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"no ground for a lab: {process.stderr.read()}")
            own = f"/proc/{process.pid}"
            return cls(
                os.open(f"{own}/ns/mnt", os.O_RDONLY),
                os.open(f"{own}/ns/net", os.O_RDONLY),
                os.open(f"{own}/root", os.O_PATH | os.O_DIRECTORY),
            )

    def path(self, fd: int) -> str:
        """Where another process finds one of the descriptors."""
        return f"/proc/{os.getpid()}/fd/{fd}"

    def close(self) -> None:
        """Let the kernel remove them."""
        for fd in (self.mounts, self.network, self.root):
            os.close(fd)


def main() -> None:
    """Build the ground and wait until somebody holds it."""
    _build(Path(sys.argv[2]), sys.argv[3:])
    print("ready", flush=True)
    sys.stdin.read()


def _build(folder: Path, places: list[str]) -> None:
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET)
    with suppress(FileNotFoundError):  # no IPv6
        # the switch carries it, and has nothing to say itself
        for name in ("all", "default"):
            Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1", encoding="ascii")
    syscalls.mount("none", Path("/"), flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("lab", folder, "tmpfs", options="mode=755")
    for name in ("base", "nodes", "disks", "shared", "places"):
        (folder / name).mkdir()
    syscalls.mount("/", folder / "base", flags=syscalls.MS_BIND)
    for number, place in enumerate(places):
        target = folder / f"places/{number}"
        target.mkdir()
        syscalls.bind(Path(place), target, is_read_only=True)
    syscalls.enter_root(folder)
