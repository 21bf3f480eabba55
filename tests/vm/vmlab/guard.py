"""The process beside a guest: begins it among the lab's namespaces, and ends it when the lab's owner ends, by whichever death."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final, TypedDict

from lab import syscalls
from lab.syscalls import bind, mount

# what qemu itself takes from the host beside the root file system
NEEDED: Final = ("/dev", "/proc", "/sys", "/usr")


class Spec(TypedDict):
    """What a guest is begun with; paths without a leading / are of `folder`."""

    owner: int
    network: str
    folder: str
    places: list[str]
    socket: str
    files: list[str]
    qemu: list[str]
    fds: list[int]


def main() -> None:
    """Print qemu's process and wait for its end, or the owner's, or that of the input."""
    spec: Spec = json.loads(sys.stdin.readline())
    owner = os.pidfd_open(spec["owner"])
    os.chdir(spec["folder"])
    _enter(spec)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(spec["socket"])
        listening.listen()
        begun = [_begin([*spec["files"], f"--fd={listening.fileno()}"], [listening.fileno()]), _begin(spec["qemu"], spec["fds"])]
    for fd in spec["fds"]:
        os.close(fd)
    print(begun[-1].pid, flush=True)
    _wait(owner, begun[-1].pid)
    for process in reversed(begun):
        process.kill()
        process.wait()
    Path(spec["socket"]).unlink()


def _begin(argv: list[str], fds: list[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=2,
        pass_fds=fds,
        preexec_fn=_end_with_guard,  # noqa: PLW1509 - there are no threads here
    )


def _end_with_guard() -> None:
    syscalls.die_with_parent(signal.SIGKILL)


def _wait(owner: int, pid: int) -> None:
    poll = select.poll()
    for fd in (owner, os.pidfd_open(pid), sys.stdin.fileno()):
        poll.register(fd, select.POLLIN)
    poll.poll()


def _enter(spec: Spec) -> None:
    """Show the host's files read-only, as `root` and `places/N` in `base`; nothing else that the host has mounted is held busy."""
    syscalls.setns(os.open(spec["network"], os.O_RDONLY | os.O_CLOEXEC), syscalls.CLONE_NEWNET)
    syscalls.unshare(syscalls.CLONE_NEWNS)
    mount("none", Path("/"), flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    for point in sorted(_mounted(), reverse=True):
        if not any(_is_above(point, Path(needed)) for needed in (*spec["places"], spec["folder"])) and not _is_needed(point):
            syscalls.detach(point)
    base = Path(spec["folder"], "base")
    mount("base", base, "tmpfs", options="mode=755")
    (base / "root").mkdir()
    mount("/", base / "root", flags=syscalls.MS_BIND)
    mount("", base / "root", flags=syscalls.MS_BIND | syscalls.MS_REMOUNT | syscalls.MS_RDONLY)
    for number, place in enumerate(spec["places"]):
        (base / f"places/{number}").mkdir(parents=True)
        bind(Path(place), base / f"places/{number}", is_read_only=True)


def _mounted() -> list[Path]:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return [Path(line.split(" ")[4].encode().decode("unicode_escape")) for line in lines]


def _is_above(point: Path, path: Path) -> bool:
    return path.is_relative_to(point)


def _is_needed(point: Path) -> bool:
    return any(_is_above(Path(needed), point) for needed in NEEDED)


if __name__ == "__main__":
    main()
