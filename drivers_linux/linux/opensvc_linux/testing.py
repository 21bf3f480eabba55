"""A ground for tests of file systems: loop devices and mounts below a folder, gone at the end; and samples of what commands print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from opensvc_core.api import CommandResult
from opensvc_core.testing.waiting import wait_for
from opensvc_linux.mounts import below, read

# The smallest that mkfs.xfs makes is 300 MB; the files have holes.
_MEGABYTES = 32


class Ground:
    """What one test has. `folder` is outside the folders that the conformance suite takes pictures of."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._loops = folder, list[str]()

    def image(self, name: str = "disk", megabytes: int = _MEGABYTES) -> Path:
        """A file of zeros."""
        path = self.folder / f"{name}.img"
        if not path.exists():
            with path.open("wb") as file:
                file.truncate(megabytes << 20)
        return path

    def disk(self, name: str = "disk", megabytes: int = _MEGABYTES, *, options: Sequence[str] = ()) -> str:
        """A loop device over the image of this name; asked twice, there are two of them over one file."""
        path = run("losetup", "--find", "--show", *options, str(self.image(name, megabytes))).strip()
        self._loops.append(path)
        if "-r" not in options and "--read-only" not in options:
            run("blockdev", "--setrw", path)  # the kernel keeps a write protection for whoever has the device next
        return path

    def made(self, kind: str, name: str = "disk", megabytes: int = _MEGABYTES, *, options: Sequence[str] = ()) -> str:
        """A device with a file system of this kind."""
        path = self.disk(name, megabytes)
        run(f"mkfs.{kind}", "-q", *options, path)
        return path

    def mount(self, *words: str) -> None:
        """Mount something below the test's folder."""
        run("mount", *words)

    def clear(self) -> None:
        """Unmount what is mounted below the test's folder, and give the loop devices back."""
        top = str(self.folder.parent)
        for mount in reversed(below(top, read())):
            subprocess.run(["umount", "-l", mount.point], check=False, capture_output=True)
        for loop in filter(self._is_ours, self._loops):
            subprocess.run(["blockdev", "--setrw", loop], check=False, capture_output=True)
            subprocess.run(["losetup", "-d", loop], check=False, capture_output=True)

    def _is_ours(self, loop: str) -> bool:
        """A device that the test has freed may be somebody else's by now."""
        backing = Path(f"/sys/block/{Path(loop).name}/loop/backing_file")
        return backing.exists() and backing.read_text().startswith(str(self.folder))


def run(*argv: str) -> str:
    """Run a command that has to succeed; what it prints."""
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout


def shows(pid: int, command: str) -> int:
    """Wait until a process is known by the name of its command, which it has a moment after it was begun; its number."""
    settles(lambda: Path(f"/proc/{pid}/comm").read_text().strip() == command)
    return pid


def settles(condition: Callable[[], object]) -> None:
    """Wait until something is so that others on this host may disturb, or that comes in a moment."""
    wait_for(condition)


def sample(path: Path) -> CommandResult:
    """What a command printed, kept in a file: a line about it, then `--- exit code N`, `--- stdout`, `--- stderr`, each with its text."""
    _, code, stdout, stderr = re.split(r"^--- (?:exit code |stdout\n|stderr\n)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return CommandResult(int(code), stdout, stderr)


def ground_in(tmp_path: Path) -> Iterator[Ground]:
    """The ground as a fixture has it. Skips where this machine has none."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root: run the tests as root")
    if not shutil.which("losetup") or not Path("/dev/loop-control").exists():
        pytest.skip("loop devices are needed: install mount (util-linux), modprobe loop")
    folder = tmp_path / "ground"
    folder.mkdir()
    ground = Ground(folder)
    try:
        yield ground
    finally:
        ground.clear()


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Skip where a program is missing."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is missing: install {package}")


def mounted(folder: Path) -> list[tuple[str, ...]]:
    """What is mounted below a folder, without what differs each time."""
    return [(mount.type, mount.source, mount.point, *sorted(mount.options)) for mount in below(str(folder), read())]
