"""The drivers fs.ext4, fs.ext3 and fs.ext2."""

from __future__ import annotations

from opensvc_linux import devices
from opensvc_linux.disk_filesystem import DiskFilesystem

from opensvc_core.api import ActionFailed, Command, CommandResult, Operations
from opensvc_driver_fs_ext4.check import problem
from opensvc_driver_fs_ext4.protection import holder

# One driver of the kernel mounts all three, and their superblocks differ in features only.
_FAMILY = ("ext4", "ext3", "ext2")


class Ext4(DiskFilesystem):
    """An ext4 file system, checked and mounted while the service is up."""

    id = "fs.ext4"
    magics = ((0x438, b"\x53\xef"),)
    mkfs = ("mkfs.ext4", "-q")
    alive = "/sys/fs/ext4"
    family = _FAMILY

    def before_mount(self) -> Operations:
        """Check it, which also brings back what is in its journal. A device that takes no writes can't be checked."""
        yield from super().before_mount()
        device = self.device
        number = devices.number(device)
        if number and devices.is_read_only(number) and not self.promote_rw:
            return
        result: CommandResult = yield Command(["e2fsck", "-p", device], succeeds=range(-64, 256), condition=self.condition())
        if found := problem(result.code, result.stdout + result.stderr, device):
            raise ActionFailed(f"{self.rid}: {found}")

    def why_not_wiped(self, device: str) -> str:
        """A journal that is in use: the file system is mounted on another host, or a host has died with it."""
        if "needs_recovery" not in self.context.system.query(["dumpe2fs", "-h", device]).stdout:
            return ""
        return (
            f"{device} is mounted on another host, or was left by one that died; stop it there, or start and stop it here, then unprovision"
        )

    def explained(self, error: ActionFailed) -> ActionFailed:
        """A mount that is refused may be in use on another host."""
        held = holder(self.context.system.query(["dumpe2fs", "-h", self.device]).stdout)
        if held:
            return ActionFailed(
                f"{self.rid}: {self.device} is in use on {held.node}, as its multi-mount protection says ({held.moment});"
                " stop the service there first"
            )
        return super().explained(error)


class Ext3(Ext4):
    """An ext3 file system, checked and mounted while the service is up."""

    id = "fs.ext3"
    mkfs = ("mkfs.ext3", "-q")


class Ext2(Ext4):
    """An ext2 file system, checked and mounted while the service is up."""

    id = "fs.ext2"
    mkfs = ("mkfs.ext2", "-q")
