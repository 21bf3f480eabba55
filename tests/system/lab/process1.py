"""The beginning of a node.

Two processes: one builds the node's root file system and becomes its process 1, the other ends it when the lab's owner ends.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final, TypedDict

from lab import syscalls
from lab.syscalls import bind, mount

NEW: Final = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWCGROUP
LOOP_MAJOR: Final = 7
LOOPS: Final = 256
SSHD: Final = "/usr/sbin/sshd"


class Spec(TypedDict):
    """What a node begins with; `devices` are name, mode, major and minor, `files` path, text and mode."""

    name: str
    owner: int
    mounts: str
    groups: list[str]
    hierarchies: list[tuple[str, str]]
    places: list[str]
    devices: list[tuple[str, int, int, int]]
    absent: dict[str, int]
    files: list[tuple[str, str, int]]
    links: list[tuple[str, str]]
    init: list[str]


def main() -> None:
    """Print the node's process 1 and, when the node has its root, `ready`; end when the node or the lab's owner does."""
    spec: Spec = json.load(sys.stdin)
    owner = os.pidfd_open(spec["owner"])
    trees = [os.open(f"{folder}/cgroup.procs", os.O_WRONLY) for folder in spec["groups"]]
    syscalls.setns(os.open(spec["mounts"], os.O_RDONLY), syscalls.CLONE_NEWNS)
    syscalls.unshare(syscalls.CLONE_NEWPID)
    told, telling = os.pipe()
    first = os.fork()
    if not first:
        os.close(owner)
        os.close(telling)
        _begin(spec, trees, told)
    print(first, flush=True)
    os.close(telling)
    os.close(1)
    _guard(owner, first)


def _guard(owner: int, first: int) -> None:
    """End the node when the owner ends, by whichever death."""
    node = os.pidfd_open(first)
    poll = select.poll()
    for fd in (owner, node):
        poll.register(fd, select.POLLIN)
    poll.poll()
    with suppress(ProcessLookupError):
        os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)


def _begin(spec: Spec, trees: list[int], told: int) -> None:
    """Become process 1, once the owner has been told of it: `told` ends then."""
    syscalls.die_with_parent(signal.SIGKILL)
    for tree in trees:
        os.write(tree, b"0")
        os.close(tree)
    syscalls.unshare(NEW)
    root = _root(spec)
    _groups(root, spec["hierarchies"])
    _devices(root, spec["devices"])
    _places(root, spec["places"])
    syscalls.enter_root(root)
    os.chroot(".")
    socket.sethostname(spec["name"])
    _contents(spec)
    _sshd()
    os.read(told, 1)
    _become(spec["init"])


def _become(init: list[str]) -> None:
    """Turn into the program that a node has as process 1; the pipe to the owner closes when that has worked."""
    print("ready", flush=True)
    owner = os.dup(1)
    os.dup2(2, 1)
    # with this the kernel takes away the dead that process 1 inherits; it stays over exec
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        os.execv(init[0], init)
    except OSError:
        os.write(owner, b"but not for long")
        raise


def _root(spec: Spec) -> Path:
    """The host's root file system below what the node has written, and what a running system mounts."""
    store = Path("/nodes", spec["name"])
    shutil.rmtree(store / "work", ignore_errors=True)
    for name in ("upper", "work", "root"):
        (store / name).mkdir(parents=True, exist_ok=True)
    root = store / "root"
    _hide(store / "upper", spec["absent"])
    mount("overlay", root, "overlay", options=f"lowerdir=/base,upperdir={store}/upper,workdir={store}/work")
    mount("proc", root / "proc", "proc")
    # but for the network's, these settings are the host's
    bind(root / "proc/sys/net", root / "proc/sys/net")
    bind(root / "proc/sys", root / "proc/sys", is_read_only=True)
    mount("sysfs", root / "sys", "sysfs")
    bind(root / "sys", root / "sys", is_read_only=True)
    mount("run", root / "run", "tmpfs", options="mode=755")
    mount("tmp", root / "tmp", "tmpfs", options="mode=1777")
    _boot_id(root)
    return root


def _boot_id(root: Path) -> None:
    """Each power-on is a boot of its own: the kernel, which all nodes share, tells all of them the same."""
    made = root / "run/boot_id"
    made.write_bytes(f"{uuid.uuid4()}\n".encode())
    bind(made, root / "proc/sys/kernel/random/boot_id")


def _hide(upper: Path, absent: dict[str, int]) -> None:
    """Put empty folders with their modes over the host's."""
    for name, mode in absent.items():
        if Path("/base", name[1:]).is_dir():
            folder = upper / name[1:]
            folder.mkdir(parents=True)
            folder.chmod(mode)
            # overlay merges the folders of its layers, but for those that say this
            os.setxattr(folder, "trusted.overlay.opaque", b"y")


def _groups(root: Path, hierarchies: list[tuple[str, str]]) -> None:
    """Control groups at the host's places; the node takes its own for the top ones."""
    if not any(folder == "/sys/fs/cgroup" for folder, _ in hierarchies):
        mount("cgroup", root / "sys/fs/cgroup", "tmpfs", options="mode=755")
    for folder, options in hierarchies:
        place = root / folder[1:]
        place.mkdir(parents=True, exist_ok=True)
        mount("cgroup", place, "cgroup" if options else "cgroup2", options=options)


def _devices(root: Path, devices: list[tuple[str, int, int, int]]) -> None:
    """A /dev with loop devices but none of the host's disks; SysRq writes to a file, for the kernel is the host's too."""
    dev = root / "dev"
    mount("dev", dev, "tmpfs", options="mode=755")
    os.umask(0)
    for name, mode, major, minor in [*devices, *((f"loop{number}", 0o60660, LOOP_MAJOR, number) for number in range(LOOPS))]:
        (dev / name).parent.mkdir(mode=0o755, exist_ok=True)
        os.mknod(dev / name, mode, os.makedev(major, minor))
    os.umask(0o022)
    for name, kind, options in (
        ("pts", "devpts", "newinstance,ptmxmode=666,mode=620,gid=5"),
        ("shm", "tmpfs", ""),
        ("mqueue", "mqueue", ""),
    ):
        (dev / name).mkdir()
        mount(name, dev / name, kind, options=options)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")
    (dev / "fd").symlink_to("/proc/self/fd")
    (root / "run/sysrq-trigger").touch(0o600)
    if (root / "proc/sysrq-trigger").exists():
        bind(root / "run/sysrq-trigger", root / "proc/sysrq-trigger")


def _places(root: Path, places: list[str]) -> None:
    """What the nodes share: read-only folders of the host, and the folder of the lab itself."""
    shared = [(f"/places/{number}", place) for number, place in enumerate(places)]
    for source, place in [*shared, ("/shared", "/run/lab")]:
        target = root / place[1:]
        target.mkdir(parents=True, exist_ok=True)
        bind(Path(source), target)


def _contents(spec: Spec) -> None:
    for name, text, mode in spec["files"]:
        path = _cleared(name)
        path.touch(mode)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
    for name, target in spec["links"]:
        _cleared(name).symlink_to(target)


def _cleared(name: str) -> Path:
    """A path where something can be put; a link, as /etc/resolv.conf may be, is not followed."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def _sshd() -> None:
    Path("/run/sshd").mkdir(exist_ok=True)
    subprocess.run([SSHD, "-f", "/etc/ssh/lab_sshd_config"], stdout=subprocess.DEVNULL, check=True)
