"""The owner of a lab, a process: its labels say whose a thing is, so that what a dead owner left can be removed."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from lab import disk
from lab.groups import Groups, hierarchies

PREFIX = "osvc-lab"
_LABEL = re.compile(r"osvc-lab\.[0-9a-f]{8}\.[0-9a-f]+\.[0-9]+-[0-9]+\.\w+")


def new_folder() -> Path:
    """A folder for a lab of this process; its name is the lab's label."""
    return Path(tempfile.mkdtemp(prefix=f"{_stem(os.getpid())}."))


def sweep() -> list[str]:
    """Remove what labs of ended processes left; their labels. One process at a time: two would be in each other's way."""
    folder = os.open(tempfile.gettempdir(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        swept = sorted({label for label in _labels() if not _is_owned(label)})
        for label in swept:
            remove(label)
        return swept
    finally:
        os.close(folder)


def remove(label: str) -> None:
    """Remove all that carries a label: processes, control groups, loop devices, the folder."""
    trees = hierarchies(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    names = {folder.name for tree in trees for folder in tree.mount.glob(f"{label}.*")}
    for name in names:
        groups = Groups(name, trees)
        groups.kill()
        groups.remove()
    for number in disk.labelled(label):
        disk.detach(number)
    with suppress(FileNotFoundError):
        shutil.rmtree(Path(tempfile.gettempdir(), label))


def _labels() -> set[str]:
    """The labels of all labs of this machine, by their folders and control groups."""
    trees = hierarchies(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    places = [Path(tempfile.gettempdir()), *(tree.mount for tree in trees)]
    return {found[0] for place in places for path in place.glob(f"{PREFIX}.*") if (found := _LABEL.match(path.name))}


def _is_owned(label: str) -> bool:
    """Its owner lives, or lives perhaps: processes of another PID namespace can't be seen."""
    boot, space = label.split(".")[1:3]
    here = _stem(os.getpid()).split(".")
    if boot != here[1] or space != here[2]:
        return boot == here[1]
    try:
        return label.startswith(f"{_stem(int(label.split('.')[3].split('-', maxsplit=1)[0]))}.")
    except (OSError, ValueError):
        return False


def _stem(pid: int) -> str:
    """osvc-lab.BOOT.PID NAMESPACE.PID-START: of all processes ever, only one has it. OSError where there is no such process."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    start = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return f"{PREFIX}.{boot}.{Path('/proc/self/ns/pid').stat().st_ino:x}.{pid}-{start}"
