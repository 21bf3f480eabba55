"""The calls of Linux that Python 3.11 has no function for.

Every one raises OSError with the call's name where the kernel refuses.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from typing import Final

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWCGROUP: Final = 0x02000000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

MS_RDONLY: Final = 0x1
MS_REMOUNT: Final = 0x20
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
MNT_DETACH: Final = 2

PR_SET_PDEATHSIG: Final = 1
SYS_OPENAT2: Final = 437  # the same number on every architecture
RESOLVE_IN_ROOT: Final = 0x10

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Put this process into new namespaces; its children, where it is a PID namespace."""
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """Enter the namespace that `fd` is open on."""
    _check(_libc.setns(fd, kind), "setns")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    _check(_libc.mount(source.encode(), bytes(target), kind.encode(), ctypes.c_ulong(flags), options.encode()), "mount", str(target))


def bind(source: Path, target: Path, *, is_read_only: bool = False) -> None:
    """Show a folder or file, with what is mounted below it, at a second place; read-only means itself, not what is mounted below."""
    mount(str(source), target, flags=MS_BIND | MS_REC)
    if is_read_only:
        mount("", target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY)


def detach(point: Path) -> None:
    """Take a mount out of this mount namespace, busy or not."""
    _check(_libc.umount2(bytes(point), MNT_DETACH), "umount2", str(point))


def enter_root(new: Path) -> None:
    """Make a mounted folder the root of this mount namespace, and drop the old root with everything on it."""
    os.chdir(new)
    # with both arguments the same the old root lies on top of the new one: pivot_root(2), NOTES
    _check(_libc.pivot_root(b".", b"."), "pivot_root", str(new))
    _check(_libc.umount2(b".", MNT_DETACH), "umount2")
    os.chdir("/")


def die_with_parent(number: int) -> None:
    """Have the kernel send a signal to this process when its parent ends."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")


def open_in(root: int, path: str, flags: int, mode: int = 0) -> int:
    """Open a path as a process would whose root is the folder open as `root`: absolute links stay inside."""
    how = struct.pack("QQQ", flags | os.O_CLOEXEC, mode, RESOLVE_IN_ROOT)
    fd: int = _libc.syscall(SYS_OPENAT2, root, path.encode(), how, ctypes.c_size_t(len(how)))
    _check(fd, "openat2", path)
    return fd


def _check(result: int, call: str, path: str | None = None) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}", path)
