"""A ground for tests of file systems: loop devices and mounts below a folder, gone at the end; and samples of what commands print.

`FilesystemPromises` is the conformance suite of whatever is mounted.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Self

import pytest

from opensvc_core.api import CommandResult, Service
from opensvc_core.testing.conformance import Case, Conformance
from opensvc_core.testing.waiting import wait_for
from opensvc_linux.lvm import host_problem as lvm_problem
from opensvc_linux.mounts import below, read

# The smallest that mkfs.xfs makes is 300 MB; the files have holes.
_MEGABYTES = 32
# Where LVM keeps what it writes of a group, in bytes from the begin of a physical volume.
_AREA = 4096


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


def no_ground() -> str:
    """What this machine lacks for one, with the remedy; empty: nothing."""
    if os.geteuid() != 0:
        return "devices and mounts are made: run it as root"
    if not shutil.which("losetup") or not Path("/dev/loop-control").exists():
        return "loop devices are needed: install mount (util-linux), modprobe loop"
    return ""


def no_program(program: str, package: str) -> str:
    """That a program is missing, with the package that brings it; empty: it is there."""
    return "" if shutil.which(program) else f"{program} is missing: install {package}"


def no_kernel_for(kind: str) -> str:
    """That the kernel does not know a type of file systems, with the remedy; empty: it does."""
    known = Path("/proc/filesystems").read_text().split()
    can_load = (
        subprocess.run(["modprobe", "--quiet", "--dry-run", kind], check=False).returncode == 0 if shutil.which("modprobe") else False
    )
    return "" if kind in known or can_load else f"this kernel knows no {kind}: modprobe {kind}, or a kernel that brings it"


def ground_in(tmp_path: Path) -> Iterator[Ground]:
    """The ground as a fixture has it. Skips where this machine has none."""
    if lacking := no_ground():
        pytest.skip(lacking)
    folder = tmp_path / "ground"
    folder.mkdir()
    ground = Ground(folder)
    try:
        yield ground
    finally:
        ground.clear()


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Skip where a program is missing."""
    return pytest.mark.skipif(bool(no_program(program, package)), reason=no_program(program, package))


def mounted(folder: Path) -> list[tuple[str, ...]]:
    """What is mounted below a folder, without what differs each time."""
    return [(mount.type, mount.source, mount.point, *sorted(mount.options)) for mount in below(str(folder), read())]


class VolumeGroups:
    """Volume groups on loop devices, for the tests of a class: what one test leaves as it was made serves the next.

    They are removed at the end of a `with`. Each has these `volumes`, 8 MiB large, not active.
    """

    def __init__(self, folder: Path, volumes: Sequence[str]) -> None:
        self._folder, self._volumes = folder, volumes
        self._devices: dict[str, str] = {}
        self._asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for name in [*self._devices]:
            self._remove(name)

    def begin(self) -> None:
        """A test begins: the groups are those that it asks for."""
        self._asked = 0

    def group(self) -> tuple[str, str]:
        """The next group of the test, as it was made: its name, which no other on this host has, and its device."""
        self._asked += 1
        name = f"osvctest{os.getpid()}n{self._asked}"
        if not self._is_as_made(name):
            self._remove(name)
            self._make(name)
        return name, self._devices[name]

    def footprint(self) -> tuple[list[str], list[str]]:
        """Tags, and the volumes that are active: what a start and a stop change."""
        rows = [row for name in self._devices for row in self._rows(name)]
        return sorted({tags for tags, _, _ in rows} - {""}), sorted(name for _, name, active in rows if active)

    def _make(self, name: str) -> None:
        image = self._folder / name
        with image.open("wb") as file:
            file.truncate(64 << 20)
        self._devices[name] = device = run("losetup", "--find", "--show", str(image)).strip()
        made = [f"lvcreate -q -y -a n -Z n -W n -L 8m -n {volume} {name}" for volume in self._volumes]
        lines = [f"vgcreate -q --setautoactivation n {name} {device}", *made]
        # in one process of LVM, of which each takes long to begin
        subprocess.run(["lvm"], input="\n".join(lines), check=True, capture_output=True, text=True, timeout=120)

    def _is_as_made(self, name: str) -> bool:
        return name in self._devices and sorted(self._rows(name)) == sorted(("", volume, False) for volume in self._volumes or ("",))

    def _rows(self, name: str) -> list[tuple[str, str, bool]]:
        """The tags of a group with each of its volumes (an empty name: it has none), and whether that is active; none of no group."""
        before, _, after = written(self._folder / name).partition("physical_volumes {")
        tags = ",".join(re.findall(r"^tags = \[(.*)\]$", before, re.MULTILINE))
        volumes = re.findall(r"^(\w+) \{\nid = ", after.partition("logical_volumes {")[2], re.MULTILINE) or [""]
        active = {file.read_text().strip() for file in Path("/sys/block").glob("dm-*/dm/name")}
        return [(tags, volume, f"{name}-{volume}" in active) for volume in volumes] if before else []

    def _remove(self, name: str) -> None:
        if device := self._devices.pop(name, ""):
            subprocess.run(["vgremove", "-q", "-f", name], check=False, timeout=120, capture_output=True)
            run("losetup", "--detach", device)
            (self._folder / name).unlink()


def written(image: Path) -> str:
    """What LVM has written of the group of a physical volume, as text; empty where it has none.

    To ask LVM for it, many times, is what most of such a test would cost. Where it stands: lib/format_text/layout.h of LVM2.
    """
    with image.open("rb") as file:
        file.seek(_AREA)
        head = file.read(512)
        if head[4:20] != b" LVM2 x[5A%r0N*>":
            return ""
        size, offset, length = struct.unpack_from("<QQQ", head, 32)
        file.seek(_AREA + offset)
        text = file.read(min(length, size - offset))
        file.seek(_AREA + len(head))  # where the room ends, it goes on after the head
        return (text + file.read(length - len(text))).decode("ascii")


class GroupPromises(Conformance):
    """The promises of what LVM has; `groups` are made when a test asks for them."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "test_time_limit_is_kept": "the limit is that of every command of LVM, two minutes",
            "test_paths_may_have_blanks_and_any_letters": "names of LVM have neither",
        }
    )
    volumes: ClassVar[Sequence[str]] = ("app",)
    groups: VolumeGroups

    def lacks(self) -> str:
        """LVM with a device-mapper, and loop devices."""
        return lvm_problem() or no_ground()

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VolumeGroups]:
        """Those of a class."""
        with VolumeGroups(tmp_path_factory.mktemp("groups"), cls.volumes) as made:
            yield made

    @pytest.fixture(autouse=True)
    def _groups(self, _host: None, made: VolumeGroups) -> None:
        self.groups = made
        made.begin()

    def service(self, group: str, device: str) -> tuple[str, str]:
        """The text of a service, and the section of the resource under test."""
        raise NotImplementedError

    def case(self, _folder: Path) -> Case:
        """Of the next group; somebody deactivates it behind the agent's back."""
        group, device = self.groups.group()
        text, rid = self.service(group, device)

        def deactivate(_service: Service) -> None:
            run("vgchange", "-q", "-a", "n", group)

        return Case(text, rid=rid, footprint=self.groups.footprint, remove=deactivate)


class FilesystemPromises(Conformance):
    """The promises of a file system that is mounted on a folder of its own; `ground` is where its device is made."""

    ground: Ground

    def lacks(self) -> str:
        """A ground, and a kernel that knows the type."""
        return no_ground() or no_kernel_for(self.driver.partition(".")[2])

    @pytest.fixture(autouse=True)
    def _ground(self, _host: None, tmp_path: Path) -> Iterator[None]:
        for self.ground in ground_in(tmp_path):
            yield

    def section(self, folder: Path, point: Path) -> Sequence[str]:
        """The lines of the section but for type and mount point; what it mounts is made."""
        raise NotImplementedError

    def case(self, folder: Path) -> Case:
        """A file system that somebody unmounts."""
        point = folder / "mnt"
        lines = (f"type = {self.driver.partition('.')[2]}", f"mnt = {point}", *self.section(folder, point))

        def unmount(_service: Service) -> None:
            run("umount", str(point))

        text = "[fs#1]\n" + "".join(f"{line}\n" for line in lines)
        return Case(text, rid="fs#1", footprint=lambda: (mounted(folder), point.exists()), remove=unmount)
