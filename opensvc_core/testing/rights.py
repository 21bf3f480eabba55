"""Rights: what a process needs to change the host, given up as a container or a unit of systemd may not have them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

# linux/prctl.h, linux/capability.h
_NO_NEW_PRIVILEGES: Final = 38
_VERSION: Final = 0x20080522
_ANY_WRITE: Final = 0o222


def give_up() -> None:
    """Give up all capabilities, for good and for every program that is run from here: of root its user number is left. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, none = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    # without the first, a program that root runs has all of them again (capabilities(7))
    if libc.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0))) or libc.capset(header, none):
        number = ctypes.get_errno()
        raise OSError(number, f"capabilities can't be given up: {os.strerror(number)}")


@contextmanager
def closed(top: Path) -> Iterator[None]:
    """Meanwhile nobody may make or remove anything in a folder and those below it; what is mounted there is left alone."""
    mounted = {one.mountpoint for one in psutil.disk_partitions(all=True)}
    modes: dict[Path, int] = {}
    for folder, names, _ in os.walk(top):
        names[:] = [name for name in names if os.path.join(folder, name) not in mounted]  # noqa: PTH118 - a name as the kernel has it
        modes[Path(folder)] = Path(folder).stat().st_mode & 0o7777
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~_ANY_WRITE)
        yield
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)
