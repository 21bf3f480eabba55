"""The base of file systems on a block device: it is mounted once on this host, and made only where nothing is."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Conflict,
    DataAtStake,
    Keyword,
    Observation,
    Operations,
    Preflight,
    Provisionable,
    Status,
    UsesDevices,
    boolean,
    shell_words,
    text,
)
from opensvc_linux import devices
from opensvc_linux.asking import ask, first_block
from opensvc_linux.filesystem import Filesystem
from opensvc_linux.mounts import Mount, read
from opensvc_linux.point import remove_made
from opensvc_linux.signatures import devices_with, signatures, tags
from opensvc_linux.uses import is_on, where_mounted, why_claimed


class DiskFilesystem(Filesystem, UsesDevices, Provisionable, Preflight, DataAtStake):
    """A file system on a block device.

    Class attributes:
        magics: the bytes that tell the type, each with its offset on the device.
        mkfs: the program that makes it; empty: it is made by hand.
        alive: the folder where the kernel lists the file systems of this type that are in use (`/sys/fs/xfs`), where it does.
        family: the types that share magic and driver (`ext2`, `ext3`, `ext4`); default: the type alone.
    """

    magics: ClassVar[tuple[tuple[int, bytes], ...]] = ()
    mkfs: ClassVar[tuple[str, ...]] = ()
    alive: ClassVar[str] = ""
    family: ClassVar[tuple[str, ...]] = ()

    dev = Keyword(
        text,
        required=True,
        scopable=True,
        claims="device",
        text="Block device to mount: its path, or `LABEL=`, `UUID=`, `PARTLABEL=`, `PARTUUID=` with a value.",
        example="/dev/vg1/data",
    )
    mkfs_opt = Keyword(
        shell_words,
        default=[],
        scopable=True,
        provisioning=True,
        text="Options for the program that makes the file system.",
        example="-L data",
    )
    check_read = Keyword(
        boolean, default=False, scopable=True, text="Read a block of the device, past all caches, each time the status is looked at."
    )
    promote_rw = Keyword(boolean, default=False, scopable=True, text="Make a device writable that is not (`blockdev --setrw`), at start.")

    @property
    def device(self) -> str:
        """The path of the device, for a label or an identity found anew. Raises ActionFailed where it can't be told."""
        tag = devices.tag_of(self.dev)
        return self._found(*tag) if tag else self.dev

    def sub_devices(self) -> Sequence[str]:
        """The device."""
        try:
            return [self.device]
        except ActionFailed:
            return []

    # -- what is to be seen

    def is_ours(self, mount: Mount, mounts: Sequence[Mount]) -> bool:
        """It is of our device, by whatever name; where the device is gone, by the name that it was mounted by."""
        if tag := devices.tag_of(self.dev):
            return self._has_tag(mount, *tag)
        number = devices.number(self.dev)
        if number is None:
            return devices.mapper_name(mount.source) == devices.mapper_name(self.dev)
        return is_on(mount, number)

    def is_unknown(self, mount: Mount) -> bool:
        """A mount of our type, while what would tell is missing: our device, or that of the mount, to read its label."""
        told_by = mount.source if devices.tag_of(self.dev) else self.dev
        return mount.device[0] != 0 and mount.type in (self.type, *self.types, *self.family) and devices.number(told_by) is None

    def seen_unmounted(self, mounts: Sequence[Mount]) -> Status | Observation:
        """Down, unless the file system is alive on this host all the same."""
        device = self._quickly()
        number = devices.number(device) if device else None
        if number is None:
            return Status.DOWN
        if not devices.is_active(number, self.alive):
            found = where_mounted(device, mounts, everywhere=False)
        else:
            found = where_mounted(device, mounts, everywhere=True) or [
                "in use: unmounted lazily, or in a mount namespace that can't be seen"
            ]
        return Status.WARN.because(f"{self.dev} is {found[0]}") if found else Status.DOWN

    def wrong(self, mount: Mount, mounts: Sequence[Mount]) -> list[str]:
        """Beside the rest: a device that is gone, or does not answer."""
        found = super().wrong(mount, mounts)
        if not devices.tag_of(self.dev) and devices.number(self.dev) is None:
            found.append(f"{self.dev} is gone while it is mounted")
        elif self.check_read:
            found += self._read_problem(mount.source)
        return found

    def is_provisioned(self) -> bool | None:
        """The device has the magic of the type; None while it can't be read."""
        device = self._quickly()
        return devices.has_magic(device, self.magics) if device and self.magics and devices.number(device) else None

    # -- start

    def preflight(self) -> Operations:
        """Refuse a device that is mounted elsewhere on this host already."""
        if self.assumed is not None:
            return  # in a plan: what is mounted now will have been unmounted
        device = self._quickly()
        if device and not self.mounted() and (problem := self._in_use(device)):
            raise Conflict(problem)
        yield from ()

    def refuse_use(self) -> None:
        """Raise ActionFailed where the device is missing, is no device, is in use, or takes no writes."""
        if self.is_rehearsed and (self.assumed is not None or not self.sub_devices() or not os.path.lexists(self.device)):
            return  # what makes it available is planned to be done before
        device = self.device
        if not device.startswith("/"):
            raise ActionFailed(
                f"{self.rid}.dev: {device!r} does not begin with '/'; a device is a path from the root, such as /dev/vg1/data"
            )
        number = devices.number(device)
        if number is None:
            raise ActionFailed(f"{self.rid}.dev: {self._why_none(device)}")
        if problem := self._in_use(device):
            raise ActionFailed(f"{self.rid}.dev: {problem}")
        if devices.is_read_only(number) and not (self.promote_rw or "ro" in self.options):
            raise ActionFailed(
                f"{self.rid}.dev: {device} takes no writes (write protected); make it writable (blockdev --setrw, or promote_rw = true),"
                " or mount it with mnt_opt = ro"
            )

    def condition(self) -> str:
        """The device, where nothing planned before is known to bring it."""
        return f"{self.device} is there then" if self.is_rehearsed and not self.is_there(self.device) else ""

    def before_mount(self) -> Operations:
        """Make the device writable where that is asked for."""
        number = devices.number(self.device) if self.promote_rw else None
        if number and devices.is_read_only(number):
            yield Command(["blockdev", "--setrw", self.device], undo=Command(["blockdev", "--setro", self.device]))

    def explained(self, error: ActionFailed) -> ActionFailed:
        """By what the device holds, and what the kernel knows."""
        try:
            held = [one.type for one in signatures(self.context.system, self.device)]
        except ActionFailed:
            return error
        types = (self.type, *self.types, *self.family)
        if not held:
            return ActionFailed(f"{self.rid}.dev: {self.device} holds no file system; 'provision' makes one")
        if not any(one in types for one in held):
            return ActionFailed(f"{self.rid}: {self.device} holds {', '.join(held)}, and no {self.type}; correct `type`, or `dev`")
        return error

    # -- provision

    def provision(self) -> Operations:
        """Make the file system; a device that has anything on it is refused."""
        if not self.mkfs:
            raise ActionFailed(f"{self.rid}: a file system of type {self.type} is made by hand; then 'set provisioned' tells so")
        self.refuse_use()
        if not (self.is_rehearsed and not Path(self.device).exists()):
            held = signatures(self.context.system, self.device)
            if held:
                raise ActionFailed(
                    f"{self.rid}.dev: {self.device} holds {', '.join(map(str, held))}; nothing was made."
                    f" If nobody needs it any more: wipefs -a {self.device}"
                )
        yield Command([*self.mkfs, *self.mkfs_opt, self.device])

    def unprovision(self) -> Operations:
        """Remove the signature of the file system, so that nothing finds it any more, and the empty mount point."""
        if self.seen() not in (Status.DOWN, Status.NA):
            raise ActionFailed(f"{self.rid}: {self.dev} is still in use; what is mounted is not wiped")
        if not devices.number(self._quickly()):
            yield Already(f"{self.dev} is not there: nothing to wipe")
        else:
            yield from self._wipe(self.device)
        folder = Path(self.mnt)
        if folder.is_dir() and not folder.is_symlink() and (self.assumed is not None or not any(folder.iterdir())):
            yield Call(f"rmdir {folder}", lambda: remove_made([self.mnt]))

    def why_not_wiped(self, device: str) -> str:
        """Why a device that holds our type, and is not in use here, is not to be wiped all the same; empty where it may be."""
        return ""

    def _wipe(self, device: str) -> Operations:
        types = (self.type, *self.family)
        held = [one.type for one in signatures(self.context.system, device)]
        ours = [one for one in dict.fromkeys(held) if one in types]
        if not ours:
            yield Already(f"{device} holds no {self.type}: nothing to wipe")
            return
        if self.assumed is None and (problem := self._in_use(device) or self.why_not_wiped(device)):
            raise ActionFailed(f"{self.rid}.dev: {problem}")
        yield Command(["wipefs", "--all", "--types", ",".join(ours), device])

    def _read_problem(self, device: str) -> list[str]:
        try:
            ask(lambda: first_block(device), self.stat_timeout)
        except TimeoutError:
            return [f"fs dev does not answer a read within {self.stat_timeout:g}s"]
        except OSError as error:
            return [f"fs dev can't be read: {error.strerror}"]
        return []

    # -- the device

    def _quickly(self) -> str:
        """The path of the device, if that can be told without looking at other devices; else an empty text."""
        tag = devices.tag_of(self.dev)
        if tag is None:
            return self.dev
        link = devices.tag_link(*tag)
        return str(link) if link.exists() else next(iter(devices_with(self.context.system, *tag)), "")

    def _found(self, name: str, value: str) -> str:
        found = devices_with(self.context.system, name, value)
        numbers = {devices.number(path) for path in found}
        if len(numbers) > 1:
            raise ActionFailed(f"{self.rid}.dev: {name}={value} is on {' and '.join(found)}; name the device by its path")
        link = devices.tag_link(name, value)
        if not found and self.is_rehearsed:
            return f"{name}={value}"  # a plan's earlier steps may bring it
        if not found and not link.exists():
            raise ActionFailed(f"{self.rid}.dev: no device has {name}={value}; is the disk below started?")
        return found[0] if found else str(link)

    def _has_tag(self, mount: Mount, name: str, value: str) -> bool:
        number = devices.number(str(devices.tag_link(name, value)))
        if number and is_on(mount, number):
            return True
        return mount.source.startswith("/dev/") and tags(self.context.system, mount.source).get(name) == value

    def _why_none(self, device: str) -> str:
        try:
            found = Path(device).stat()
        except OSError as error:
            return f"{device}: {error.strerror}; is the disk below started?"
        if stat.S_ISREG(found.st_mode):
            return f"{device} is a file, and no block device; a resource of type disk.loop makes a device of it"
        return f"{device} is no block device"

    def _in_use(self, device: str) -> str:
        found = where_mounted(device, read(), everywhere=True)
        if found:
            return f"{device} is {found[0]} already; unmount it there first"
        if devices.number(device) and devices.is_claimed(device):
            return f"{device} is {why_claimed(device)}"
        return ""
