"""What every driver promises, of the file systems that can be made here. Those of servers and clusters take one: see README."""

from opensvc_driver_fs_mount.testing import BindPromises, BtrfsPromises, OverlayPromises, SquashfsPromises, TmpfsPromises, XfsPromises


class TestXfs(XfsPromises):
    """The suite."""


class TestBtrfs(BtrfsPromises):
    """The suite."""


class TestTmpfs(TmpfsPromises):
    """The suite."""


class TestBind(BindPromises):
    """The suite."""


class TestOverlay(OverlayPromises):
    """The suite."""


class TestSquashfs(SquashfsPromises):
    """The suite."""
