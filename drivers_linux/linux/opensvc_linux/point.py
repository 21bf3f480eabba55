"""The mount point: found through links, made with the folders above it, taken away again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from opensvc_linux.asking import ask
from opensvc_linux.mounts import Mount, may_hang

_OF_THE_SYSTEM = frozenset({"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var"})


def resolved(path: str, mounts: Sequence[Mount], limit: float) -> str:
    """A path with its links resolved, as the kernel names mount points. Raises TimeoutError after `limit` seconds."""
    if any(mount.point == path for mount in mounts):
        return path
    return ask(lambda: _real(path), limit) if may_hang(path, mounts) else os.path.realpath(path)


def _real(path: str) -> str:
    with suppress(FileNotFoundError):  # what can't be looked at has no links to be followed
        os.lstat(path)
    return os.path.realpath(path)


def hides(point: str, own: Iterable[Path]) -> str:
    """What this host or the agent (`own`) can't do without, and is at a mount point or below it; else an empty text."""
    if point in _OF_THE_SYSTEM:
        return "what this host needs to run"
    return next((f"{path}, which the agent needs" for path in own if Path(point) in (path, *path.parents)), "")


def made_by(path: str) -> list[str]:
    """Make a directory with those above it; the ones made, the top first. What was made is taken back where one can't be."""
    made: list[str] = []
    try:
        for folder in reversed([Path(path), *Path(path).parents]):
            if not folder.exists():
                folder.mkdir(mode=0o755)
                made.append(str(folder))
    except OSError:
        remove_made(made)
        raise
    return made


def remove_made(made: Sequence[str]) -> None:
    """Remove the directories that were made, the last first; what has come into one of them since keeps it."""
    for folder in reversed(made):
        with suppress(OSError):
            os.rmdir(folder)  # noqa: PTH106 - the counterpart of a text
