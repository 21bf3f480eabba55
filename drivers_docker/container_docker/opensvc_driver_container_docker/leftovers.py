"""Leftovers: what a daemon that was killed has left mounted in its data directory, where it would keep the file system busy.

Dockerd binds its data directory onto itself, and takes that away again only if it was not killed in between.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo, proc(5): `root` is the directory of the device that is seen at `point`."""

    device: str
    root: str
    point: str


def unmount(data_dir: str) -> None:
    """Unmount what dockerd has mounted in its data directory, the last first; what is busy stays, and umount will name it."""
    text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    for point in made_by_docker(os.path.realpath(data_dir), mounts(text)):
        subprocess.run(["umount", point], capture_output=True, check=False)


def mounts(mountinfo: str) -> list[Mount]:
    """The mounts of a mount namespace, in the order in which they were made."""
    found = (line.split() for line in mountinfo.splitlines())
    return [Mount(words[2], _plain(words[3]), _plain(words[4])) for words in found]


def made_by_docker(data_dir: str, found: list[Mount]) -> Iterator[str]:
    """The mount points below a data directory, and the directory itself where it is bound onto itself; the last made first."""
    for index in reversed(range(len(found))):
        mount = found[index]
        if mount.point.startswith(f"{data_dir}/") or (mount.point == data_dir and _is_bound_to_itself(mount, found[:index])):
            yield mount.point


def _is_bound_to_itself(mount: Mount, before: list[Mount]) -> bool:
    """Whether it shows the directory that was seen at its place before."""
    holders = [one for one in before if mount.point == one.point or mount.point.startswith(one.point.rstrip("/") + "/")]
    if not holders:
        return False
    # of several at one place, the last one is seen
    below = max(enumerate(holders), key=lambda numbered: (len(numbered[1].point), numbered[0]))[1]
    shown = os.path.normpath(f"{below.root}/{mount.point[len(below.point.rstrip('/')) :]}")
    return (mount.device, mount.root) == (below.device, os.path.normpath(shown.replace("//", "/")))


def _plain(text: str) -> str:
    """A path of mountinfo, which writes blanks as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
