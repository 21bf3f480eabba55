"""The driver disk.loop."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    CommandResult,
    DataAtStake,
    ExposesDevices,
    Keyword,
    Observation,
    Operations,
    Provisionable,
    Resource,
    Startable,
    Status,
    limit_size,
)
from opensvc_driver_loop.backing import SECTOR, BackingFile
from opensvc_driver_loop.devices import LoopDevice, attached, detach, next_free


def absolute(value: str) -> str:
    """A path from the root."""
    if not value.startswith("/"):
        raise ValueError(f"{value!r} does not begin with '/'")
    return os.path.normpath(value)


class Loop(Resource, Startable, Provisionable, ExposesDevices, DataAtStake):
    """A file attached as a block device while the service is up."""

    id = "disk.loop"
    older_sections = ("loop",)
    file = Keyword(absolute, required=True, scopable=True, claims="device", text="The file that holds the data.", example="/srv/{name}.img")
    size = Keyword(
        limit_size,
        required=True,
        scopable=True,
        provisioning=True,
        text="Its size, where 'provision' has to make it: a sparse file, which takes no room until it is written to.",
        example="100m",
    )
    _device = ""
    _is_made = False

    @classmethod
    def host_problem(cls) -> str:
        """It needs losetup and a kernel with loop devices."""
        from shutil import which  # noqa: PLC0415 - 3 ms that no status needs

        if not which("losetup"):
            return "losetup is missing (apt-get install mount, dnf install util-linux-core)"
        return "" if Path("/dev/loop-control").exists() else "the kernel has no loop devices here (modprobe loop)"

    def label(self) -> str:
        """The file."""
        return f"loop {self.file}"

    def classic_label(self) -> str:
        """The file alone."""
        return self.file

    def occupies(self) -> str:
        """In a plan, the device that the start before will have attached."""
        return self._device

    def exposed_devices(self) -> Sequence[str]:
        """The device while the file is attached; none otherwise, because any may be taken then."""
        if self.assumed is Status.DOWN:
            return []
        if self.assumed is Status.UP and self._device:
            return [self._device]
        return [device.path for device in attached(self.file) if device.is_plain]

    def is_provisioned(self) -> bool:
        """There is a file with something in it."""
        return self._backing.length() > 0

    def status(self) -> Status | Observation:
        """Up while the file is attached, as a whole and once."""
        devices = attached(self.file)
        if not devices:
            return Status.DOWN
        wrong = [*self._obstacles(devices), *_flaws(devices)]
        return Status.WARN.because(*wrong) if wrong else Status.UP

    def start(self) -> Operations:
        """Attach it to the first free device; never a second time, for that would be the same data under two caches."""
        devices = [] if self.assumed is Status.DOWN else attached(self.file)
        obstacles = list(self._obstacles(devices))
        if obstacles:
            raise ActionFailed(f"{self.rid}: {'; '.join(obstacles)}")
        if devices:
            yield Already(f"{self.label()} is already up at {devices[0].path}")
            return
        problem = "" if self._is_made else self._backing.problem()
        if problem:
            raise ActionFailed(f"{self.rid}.file: {problem}")
        freed = {device.path for device in attached(self.file)}
        expected = next_free(taken=self.context.planned_paths, freed=freed)
        done: CommandResult = yield Command(
            ["losetup", "--find", "--show", "--nooverlap", self.file],
            undo=Call(f"losetup -d $(losetup -nO NAME -j {shlex.quote(self.file)})", self._detach_all),
            undo_on_failure=True,
            timeout=30,
            expected=CommandResult(0, f"{expected}\n"),
        )
        self._device = done.stdout.strip()

    def stop(self) -> Operations:
        """Detach it, unless somebody uses the device; what else has the file attached is left alone, and told."""
        devices = [] if self.assumed is Status.DOWN else attached(self.file)
        ours = [device for device in devices if device.is_plain or (device.is_deleted and self.context.is_forced)]
        for device in ours:
            yield Call(f"losetup -d {device.path}", partial(detach, device.path), timeout=30)
        others = [device for device in devices if device not in ours]
        if others:
            raise ActionFailed(f"{self.rid}: {'; '.join(self._obstacles(others))}")
        if not ours:
            yield Already(f"{self.label()} is already down")

    def provision(self) -> Operations:
        """Make a sparse file; one that holds something stays as it is."""
        folder = Path(self.file).parent
        if self._backing.length():
            yield Already(f"{self.file} is there, and stays as it is")
            return
        if not folder.is_dir():
            raise ActionFailed(f"{self.rid}.file: {folder} is no directory; make it, or mount what holds it")
        if not self.size or self.size < SECTOR:
            raise ActionFailed(f"{self.rid}.size: {self.size or 'nothing'} is too small for a device; set it to 100m, for instance")
        yield self._backing.making(self.size)
        self._is_made = True

    def unprovision(self) -> Operations:
        """Remove the file where 'provision' has made it, on this node; one that was there before stays."""
        if not os.path.lexists(self.file):
            yield Already(f"{self.file} is not there")
        elif not self._backing.is_ours():
            yield Already(f"{self.file} stays: it was not made by 'provision' on this node; remove it by hand when nobody needs it")
        else:
            yield self._backing.removal()

    # -- what is wrong

    def _obstacles(self, devices: Sequence[LoopDevice]) -> Iterator[str]:
        """What stands against a start, and what a stop leaves."""
        plain = [device.path for device in devices if device.is_plain]
        if len(plain) > 1:
            yield f"{self.file} is attached {len(plain)} times, at {', '.join(plain)}: detach those that are not in use (losetup -d)"
        for device in devices:
            if device.is_deleted:
                yield (
                    f"{device.path} has {self.file} attached, which was deleted: its data goes with the device; "
                    "copy the device, or give it up by a stop with --force"
                )
            elif device.is_part:
                yield f"{device.path} has a part of {self.file} attached, by somebody else: detach it (losetup -d {device.path})"

    def _detach_all(self) -> None:
        for device in attached(self.file):
            if device.is_plain:
                detach(device.path)

    @property
    def _backing(self) -> BackingFile:
        return BackingFile(self.file, self.context.var_dir / "made")


def _flaws(devices: Sequence[LoopDevice]) -> Iterator[str]:
    """What a device is used with, but not as it should be."""
    for device in devices:
        if device.is_readonly:
            yield f"{device.path} is read-only"
        if device.clears_itself:
            yield f"{device.path} is detached when its last user closes it (somebody has asked for that: losetup -d, mount -o loop)"
