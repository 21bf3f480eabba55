"""How the conformance suite tries the file systems of this distribution.

Those of a server or a cluster can't be made here: a variable of the environment names what may be mounted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from opensvc_linux.disk_filesystem import DiskFilesystem
from opensvc_linux.testing import FilesystemPromises, no_ground, no_program, run

from opensvc_driver_fs_mount.disks import Btrfs, Exfat, F2fs, Jfs, Vfat, Xfs
from opensvc_driver_fs_mount.network import NETWORK

_LOCAL: Mapping[str, str] = MappingProxyType({"test_time_limit_is_kept": "a mount of a local file system is not given up"})


class _OnDisk(FilesystemPromises):
    """A file system on a loop device, made by the program that the driver calls for it."""

    does_not_apply: ClassVar[Mapping[str, str]] = _LOCAL
    disk: ClassVar[type[DiskFilesystem]]
    package: ClassVar[str]
    megabytes: ClassVar[int] = 64
    options: ClassVar[Sequence[str]] = ()

    def lacks(self) -> str:
        """Beside the ground, what makes it."""
        return super().lacks() or no_program(self.disk.mkfs[0], self.package)

    def section(self, folder: Path, _point: Path) -> Sequence[str]:
        """A device of its own."""
        device = self.ground.disk(folder.name, self.megabytes)
        run(*self.disk.mkfs, device)
        return f"dev = {device}", *self.options


class XfsPromises(_OnDisk):
    """With an option."""

    driver, disk, package, megabytes = "fs.xfs", Xfs, "xfsprogs", 320
    options = ("mnt_opt = noatime",)


class BtrfsPromises(_OnDisk):
    """On one device."""

    driver, disk, package, megabytes = "fs.btrfs", Btrfs, "btrfs-progs", 128


class F2fsPromises(_OnDisk):
    """Where the kernel knows it."""

    driver, disk, package = "fs.f2fs", F2fs, "f2fs-tools"


class JfsPromises(_OnDisk):
    """Where the kernel knows it."""

    driver, disk, package = "fs.jfs", Jfs, "jfsutils"


class VfatPromises(_OnDisk):
    """Where the kernel knows it."""

    driver, disk, package = "fs.vfat", Vfat, "dosfstools"


class ExfatPromises(_OnDisk):
    """Where the kernel knows it."""

    driver, disk, package = "fs.exfat", Exfat, "exfatprogs"


class _OnImage(FilesystemPromises):
    """A file system that takes no writes: an image of a folder, on a loop device."""

    does_not_apply: ClassVar[Mapping[str, str]] = _LOCAL
    program: ClassVar[str]
    package: ClassVar[str]

    def lacks(self) -> str:
        """Beside the ground, what makes it."""
        return super().lacks() or no_program(self.program, self.package)

    def command(self, source: Path, image: Path) -> Sequence[str]:
        """What makes the image."""
        raise NotImplementedError

    def section(self, folder: Path, point: Path) -> Sequence[str]:
        """It is made by hand, and nothing of it is wiped."""
        image, source = self.ground.folder / f"{folder.name}.img", self.ground.folder / folder.name
        for path in (point, source):
            path.mkdir()
        run(*self.command(source, image))
        return f"dev = {self.ground.disk(folder.name, options=['-r'])}", "mnt_opt = ro", "provision = false", "unprovision = false"


class SquashfsPromises(_OnImage):
    """An image that is compressed."""

    driver, program, package = "fs.squashfs", "mksquashfs", "squashfs-tools"

    def command(self, source: Path, image: Path) -> Sequence[str]:
        """Nothing is shown meanwhile."""
        return self.program, str(source), str(image), "-quiet", "-no-progress"


class Iso9660Promises(_OnImage):
    """An image for a disc."""

    driver, program, package = "fs.iso9660", "genisoimage", "genisoimage"

    def command(self, source: Path, image: Path) -> Sequence[str]:
        """Nothing is shown meanwhile."""
        return self.program, "-quiet", "-o", str(image), str(source)


class TmpfsPromises(FilesystemPromises):
    """In memory."""

    driver = "fs.tmpfs"
    does_not_apply = _LOCAL

    def section(self, _folder: Path, point: Path) -> Sequence[str]:
        """It needs nothing."""
        point.mkdir()
        return ("mnt_opt = size=1m,mode=750",)


class BindPromises(FilesystemPromises):
    """A directory seen at another place, where it takes no writes."""

    driver = "fs.bind"
    does_not_apply = _LOCAL

    def lacks(self) -> str:
        """Every kernel can."""
        return no_ground()

    def section(self, folder: Path, point: Path) -> Sequence[str]:
        """Two directories."""
        for path in (point, folder / "source"):
            path.mkdir()
        return f"dev = {folder}/source", "mnt_opt = ro"


class OverlayPromises(FilesystemPromises):
    """Two directories laid over each other."""

    driver = "fs.overlay"
    does_not_apply = _LOCAL

    def section(self, folder: Path, point: Path) -> Sequence[str]:
        """They are in memory: an overlay can't have an overlay above, as the root of a container is one."""
        store = self.ground.folder / f"store of {folder.name}"
        for path in (store, point):
            path.mkdir()
        self.ground.mount("-t", "tmpfs", "store", str(store))
        for name in ("lower", "upper", "work"):
            (store / name).mkdir()
        return "dev = image", f"mnt_opt = lowerdir={store}/lower,upperdir={store}/upper,workdir={store}/work"


class _OfOthers(FilesystemPromises):
    """What a server or a cluster has, under the name that a variable of the environment gives; it is mounted, and left as it is."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType({"test_time_limit_is_kept": "a server that does not answer is needed"})

    def lacks(self) -> str:
        """The variable, and what mount needs."""
        kind = self.driver.partition(".")[2]
        named = (
            ""
            if os.environ.get(self.variable)
            else f"what {kind} is to mount is needed: {self.variable} names it, as the keyword dev would"
        )
        return no_ground() or next((cls.host_problem() for cls in NETWORK if cls.id == self.driver), "") or named

    @property
    def variable(self) -> str:
        """`OPENSVC_TEST_NFS`."""
        return f"OPENSVC_TEST_{self.driver.partition('.')[2].upper()}"

    def section(self, _folder: Path, point: Path) -> Sequence[str]:
        """With the options that a second variable names."""
        point.mkdir()
        options = os.environ.get(f"{self.variable}_OPTIONS")
        return f"dev = {os.environ[self.variable]}", *([f"mnt_opt = {options}"] if options else [])


class NfsPromises(_OfOthers):
    """A directory of a server."""

    driver = "fs.nfs"


class Nfs4Promises(_OfOthers):
    """A directory of a server of version 4."""

    driver = "fs.nfs4"


class CifsPromises(_OfOthers):
    """A share of a server."""

    driver = "fs.cifs"


class CephPromises(_OfOthers):
    """A file system of a cluster."""

    driver = "fs.ceph"


class GlusterfsPromises(_OfOthers):
    """A volume of a cluster."""

    driver = "fs.glusterfs"


class Gfs2Promises(_OfOthers):
    """A device that all nodes have."""

    driver = "fs.gfs2"


class Ocfs2Promises(_OfOthers):
    """A device that all nodes have."""

    driver = "fs.ocfs2"
