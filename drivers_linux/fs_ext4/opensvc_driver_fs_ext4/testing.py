"""How the conformance suite tries fs.ext4, fs.ext3 and fs.ext2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from opensvc_linux.testing import FilesystemPromises, no_program


class Ext4Promises(FilesystemPromises):
    """A file system on a loop device."""

    driver = "fs.ext4"
    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"test_time_limit_is_kept": "a check may take hours, and is not given up"}
    )

    def lacks(self) -> str:
        """Beside the ground, what makes it and checks it."""
        return super().lacks() or no_program("e2fsck", "e2fsprogs")

    def section(self, folder: Path, _point: Path) -> Sequence[str]:
        """A device of its own."""
        return (f"dev = {self.ground.made(self.driver.partition('.')[2], folder.name)}",)


class Ext3Promises(Ext4Promises):
    """The same, of the type before it."""

    driver = "fs.ext3"


class Ext2Promises(Ext4Promises):
    """The same, of the type without a journal."""

    driver = "fs.ext2"
