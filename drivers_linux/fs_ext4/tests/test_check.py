"""What e2fsck and dumpe2fs say, on recorded outputs."""

import pytest
from opensvc_driver_fs_ext4.check import problem
from opensvc_driver_fs_ext4.protection import Holder, holder

DEV = "/dev/vg1/data"
NO_SUPERBLOCK = """e2fsck: Bad magic number in super-block while trying to open /dev/vg1/data
/dev/vg1/data:
The superblock could not be read or does not describe a valid ext2/ext3/ext4
filesystem.
"""
UNEXPECTED = "/dev/vg1/data: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.\n\t(i.e., without -a or -p options)\n"
DUMPE2FS = """Filesystem state:         clean
MMP block number:         2328
MMP_block:
    mmp_magic: 0x4d4d50
    mmp_check_interval: 5
    mmp_sequence: {}
    mmp_update_date: Sat Nov 21 07:18:50 2026
    mmp_update_time: 1795245530
    mmp_node_name: n1
    mmp_device_name: loop0
Journal start:            1
"""


@pytest.mark.parametrize("code", [0, 1])
def test_a_clean_and_a_corrected_file_system_are_fine(code):
    assert problem(code, "", DEV) == ""


@pytest.mark.parametrize(
    ("code", "output", "words"),
    [
        (2, "", "reboot this node"),
        (3, "", "reboot this node"),
        (4, UNEXPECTED, "'e2fsck -n /dev/vg1/data' shows them, 'e2fsck /dev/vg1/data' repairs them"),
        (5, UNEXPECTED, "errors that need a decision"),
        (6, UNEXPECTED, "errors that need a decision"),
        (8, "", "could not be checked"),
        (12, UNEXPECTED, "could not be checked"),
        (8, NO_SUPERBLOCK, "holds no ext2, ext3 or ext4 file system"),
        (8, "e2fsck: MMP: device currently active while trying to open /dev/vg1/data\n", "in use on another host"),
        (8, "e2fsck: MMP: e2fsck being run while trying to open /dev/vg1/data\n", "tune2fs -f -E clear_mmp /dev/vg1/data"),
        (8, "/dev/vg1/data is mounted.\ne2fsck: Cannot continue, aborting.\n", "is in use"),
        (8, "/dev/vg1/data is in use.\ne2fsck: Cannot continue, aborting.\n", "is in use"),
        (8, "e2fsck: No such file or directory while trying to open /dev/vg1/data\n", "has gone"),
        (16, "", "called wrongly"),
        (32, "", "was cancelled"),
        (127, "", "install e2fsprogs"),
        (128, "", "shared library"),
        (-9, "", "ended by signal 9"),
        (64, "", "exit code 64"),
    ],
)
def test_every_other_code_has_a_text_with_the_way_out(code, output, words):
    assert words in problem(code, output, DEV)


def test_every_code_has_a_text():
    assert all(problem(code, "", DEV) for code in range(-64, 256) if code not in (0, 1))


def test_the_host_that_has_it_mounted_is_read():
    assert holder(DUMPE2FS.format("0x000016")) == Holder("n1", "Sat Nov 21 07:18:50 2026")


def test_one_that_was_unmounted_has_no_host():
    assert holder(DUMPE2FS.format("0xff4d4d50")) is None
    assert holder("Filesystem state:         clean\n") is None
