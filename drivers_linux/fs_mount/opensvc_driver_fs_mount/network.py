"""File systems that a server or a cluster has: fs.nfs, fs.cifs and others. They may be mounted on several nodes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from opensvc_linux import devices
from opensvc_linux.filesystem import Filesystem
from opensvc_linux.mounts import Mount
from opensvc_linux.uses import is_on

from opensvc_core.api import Command, Keyword, Operations, text

_FOLDERS = ("/sbin", "/usr/sbin", "/bin", "/usr/bin")
# Seconds after which a server that does not answer is given up.
_LIMIT = 180.0


class Network(Filesystem):
    """A file system of a server.

    Class attributes: `package` is what brings `mount.TYPE`.
    """

    package: ClassVar[str]

    dev = Keyword(text, required=True, scopable=True, text="What is mounted, as mount takes it.", example="nas1:/export/{name}")

    @classmethod
    def host_problem(cls) -> str:
        """Without its helper, mount can't mount it."""
        helper = f"mount.{cls.id.partition('.')[2]}"
        is_there = any(os.access(f"{folder}/{helper}", os.X_OK) for folder in _FOLDERS)
        return "" if is_there else f"{helper} is missing; install {cls.package}"

    def mount(self) -> Operations:
        """Mount it, or give the server up."""
        yield Command(self.mount_argv(), undo=self.unmount_again, timeout=_LIMIT)


class Nfs(Network):
    """A directory of an NFS server, mounted while the service is up."""

    id = "fs.nfs"
    types = ("nfs4",)
    package = "nfs-common (or nfs-utils)"


class Nfs4(Network):
    """A directory of an NFS server of version 4, mounted while the service is up."""

    id = "fs.nfs4"
    types = ("nfs",)
    package = "nfs-common (or nfs-utils)"


class Cifs(Network):
    """A share of an SMB server, mounted while the service is up."""

    id = "fs.cifs"
    types = ("smb3",)
    package = "cifs-utils"
    dev = Keyword(text, required=True, scopable=True, text="The share.", example="//nas1/share")


class Ceph(Network):
    """A Ceph file system, mounted while the service is up."""

    id = "fs.ceph"
    package = "ceph-common"
    dev = Keyword(text, required=True, scopable=True, text="The file system, as mount.ceph takes it.", example="mon1,mon2:/data")


class Glusterfs(Network):
    """A Gluster volume, mounted while the service is up."""

    id = "fs.glusterfs"
    types = ("fuse.glusterfs",)
    package = "glusterfs-client"
    dev = Keyword(text, required=True, scopable=True, text="The volume.", example="gl1:/volume1")


class Shared(Filesystem):
    """A cluster file system on a shared device: all nodes may have it mounted at once."""

    dev = Keyword(text, required=True, scopable=True, text="Block device to mount.", example="/dev/vg1/shared")

    def is_provisioned(self) -> None:
        """Only its own tools can tell."""
        return

    def is_ours(self, mount: Mount, mounts: Sequence[Mount]) -> bool:
        """It is of our device, by whatever name."""
        number = devices.number(self.dev)
        return is_on(mount, number) if number else super().is_ours(mount, mounts)


class Gfs2(Shared):
    """A gfs2 file system, mounted while the service is up."""

    id = "fs.gfs2"


class Ocfs2(Shared):
    """An ocfs2 file system, mounted while the service is up."""

    id = "fs.ocfs2"


NETWORK = (Nfs, Nfs4, Cifs, Ceph, Glusterfs, Gfs2, Ocfs2)
