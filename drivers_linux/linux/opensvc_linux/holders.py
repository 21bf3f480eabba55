"""Holders: which processes keep a mount or a device busy, and how."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from opensvc_core.api import ProcessId
from opensvc_linux import devices
from opensvc_linux.devices import Number
from opensvc_linux.mounts import Mount, holding, is_below

_LINKS = {"cwd": "works in", "root": "has its root in", "exe": "runs"}


class Holder(NamedTuple):
    """A process that holds a mount: which one, its command, and what it holds (`has /srv/a open`)."""

    process: ProcessId
    command: str
    how: str

    def __str__(self) -> str:
        return f"pid {self.process.pid} ({self.command}) {self.how}"


def holders(mount: Mount, mounts: Sequence[Mount]) -> list[Holder]:
    """The processes that hold a mount of this mount namespace; `mounts` are all of it.

    Only names are compared, nothing of the file system is touched: it may be one that does not answer.
    """
    ours = _link("/proc/self/ns/mnt")
    found = (_holder(int(entry.name), mount, mounts, ours) for entry in os.scandir("/proc") if entry.name.isdigit())
    return sorted(holder for holder in found if holder)


def other_uses(mount: Mount, mounts: Sequence[Mount]) -> list[str]:
    """What else holds it: mounts below it, loop devices and swap over its files."""
    nested = [f"{other.source} is mounted on {other.point}" for other in mounts if is_below(other.point, mount.point)]
    loops = [
        f"/dev/{entry.parent.parent.name} stands on {path}"
        for entry in Path("/sys/block").glob("loop*/loop/backing_file")
        if _is_in(path := _text(entry).strip(), mount, mounts)
    ]
    swaps = [line.split()[0] for line in _text(Path("/proc/swaps")).splitlines()[1:]]
    return nested + loops + [f"{path} is swap" for path in swaps if _is_in(path, mount, mounts)]


def openers(device: str) -> list[str]:
    """The processes of this host that have a block device open, by whatever name below /dev: `sleep (pid 12)`."""
    number = devices.number(device)
    pids = sorted(int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()) if number else []
    return [f"{command_of(pid)} (pid {pid})" for pid in pids if any(_leads_to(link, number) for link in _descriptors(pid))]


def ancestors(pid: int) -> Iterator[int]:
    """A process and those that it came from, up to the first of all."""
    while pid > 0:
        yield pid
        stat = _stat(pid)
        pid = int(stat[1]) if stat else 0


def command_of(pid: int) -> str:
    """The name of a process's command, or `?`."""
    return _text(Path(f"/proc/{pid}/comm")).strip() or "?"


def _holder(pid: int, mount: Mount, mounts: Sequence[Mount], ours: str) -> Holder | None:
    if _link(f"/proc/{pid}/ns/mnt") != ours or not (how := next(_ways(pid, mount, mounts), "")):
        return None
    stat = _stat(pid)
    # kernel threads have no program, and nothing to be ended
    return Holder(ProcessId(pid, int(stat[19])), command_of(pid), how) if stat and stat[0] not in "ZX" else None


def _ways(pid: int, mount: Mount, mounts: Sequence[Mount]) -> Iterator[str]:
    for name, words in _LINKS.items():
        if _is_in(path := _link(f"/proc/{pid}/{name}"), mount, mounts):
            yield f"{words} {path}"
    for path in _open_files(pid):
        if _is_in(path, mount, mounts):
            yield f"has {path} open"
    for line in _text(Path(f"/proc/{pid}/maps")).splitlines():
        path = line.partition("/")[2]
        if path and _is_in(f"/{path}", mount, mounts):
            yield f"has /{path} mapped"


def _open_files(pid: int) -> Iterator[str]:
    return (_link(link) for link in _descriptors(pid))


def _descriptors(pid: int) -> list[str]:
    try:
        return [f"/proc/{pid}/fd/{name}" for name in os.listdir(f"/proc/{pid}/fd")]  # noqa: PTH208 - thousands of them
    except OSError:
        return []


def _leads_to(link: str, number: Number | None) -> bool:
    # what is not below /dev may be in a file system that does not answer
    return _link(link).startswith("/dev/") and devices.number(link) == number


def _is_in(path: str, mount: Mount, mounts: Sequence[Mount]) -> bool:
    """A path is in this mount, and not in one below it or over it."""
    if path != mount.point and not is_below(path, mount.point):
        return False
    found = holding(path, mounts)
    return found is not None and found.id == mount.id


def _link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 - thousands of them
    except OSError:
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on: state, parent, …"""
    return _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
