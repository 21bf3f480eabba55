"""File systems on block devices: fs.xfs, fs.btrfs and others."""

from __future__ import annotations

from opensvc_linux.disk_filesystem import DiskFilesystem


class Xfs(DiskFilesystem):
    """An xfs file system, mounted while the service is up; its journal is brought back by the mount itself."""

    id = "fs.xfs"
    magics = ((0, b"XFSB"),)
    mkfs = ("mkfs.xfs", "-q")
    alive = "/sys/fs/xfs"


class Btrfs(DiskFilesystem):
    """A btrfs file system, mounted while the service is up; `dev` is any of its devices."""

    id = "fs.btrfs"
    magics = ((0x10040, b"_BHRfS_M"),)
    mkfs = ("mkfs.btrfs", "-q")


class F2fs(DiskFilesystem):
    """An f2fs file system, mounted while the service is up."""

    id = "fs.f2fs"
    magics = ((1024, b"\x10\x20\xf5\xf2"),)
    mkfs = ("mkfs.f2fs", "-q")
    alive = "/sys/fs/f2fs"


class Jfs(DiskFilesystem):
    """A jfs file system, mounted while the service is up."""

    id = "fs.jfs"
    magics = ((32768, b"JFS1"),)
    mkfs = ("mkfs.jfs", "-q")


class Vfat(DiskFilesystem):
    """A FAT file system, mounted while the service is up."""

    id = "fs.vfat"
    magics = ((54, b"FAT1"), (82, b"FAT32"))
    mkfs = ("mkfs.vfat",)


class Exfat(DiskFilesystem):
    """An exfat file system, mounted while the service is up."""

    id = "fs.exfat"
    magics = ((3, b"EXFAT   "),)
    mkfs = ("mkfs.exfat",)


class Iso9660(DiskFilesystem):
    """An iso9660 file system, mounted while the service is up; it takes no writes: mnt_opt = ro."""

    id = "fs.iso9660"
    magics = ((32769, b"CD001"),)


class Squashfs(DiskFilesystem):
    """A squashfs file system, mounted while the service is up; it takes no writes: mnt_opt = ro."""

    id = "fs.squashfs"
    magics = ((0, b"hsqs"),)


DISKS = (Xfs, Btrfs, F2fs, Jfs, Vfat, Exfat, Iso9660, Squashfs)
