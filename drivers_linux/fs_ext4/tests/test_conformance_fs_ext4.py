"""What every driver promises, of fs.ext4, fs.ext3 and fs.ext2."""

from opensvc_driver_fs_ext4.testing import Ext2Promises, Ext3Promises, Ext4Promises


class TestExt4(Ext4Promises):
    """The suite."""


class TestExt3(Ext3Promises):
    """The suite."""


class TestExt2(Ext2Promises):
    """The suite."""
