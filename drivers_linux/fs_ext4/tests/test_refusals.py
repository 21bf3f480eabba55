"""What a start of fs.ext4 refuses, and leaves as it is."""

import re
from pathlib import Path

import pytest
from opensvc_linux.testing import mounted, run

from opensvc_core.api import Status


def test_a_missing_device_is_down_and_its_start_fails(one):
    one.has("/dev/no-such-device")
    assert one.seen() == (Status.DOWN, [])
    assert one.refuses("start") == "fs#1.dev: /dev/no-such-device: No such file or directory; is the disk below started?"
    assert not one.mnt.exists()


def test_a_file_is_no_device(one):
    assert "a resource of type disk.loop makes a device of it" in one.has(one.ground.image()).refuses("start")


def test_a_relative_mount_point_is_refused(one):
    with pytest.raises(Exception, match="does not begin with '/'"):
        one.has("/dev/x", mnt="srv/data")


def test_a_file_as_mount_point_is_refused(one):
    (one.folder / "mnt").touch()
    assert "is no directory" in one.has(one.ground.made("ext4")).refuses("start")


def test_a_device_that_is_mounted_elsewhere_is_refused(one):
    device = one.ground.made("ext4")
    (one.folder / "other").mkdir()
    one.ground.mount(device, str(one.folder / "other"))
    one.has(device)
    assert f"{device} is mounted on {one.folder}/other already" in one.refuses("start")
    assert one.seen() == (Status.WARN, [f"{device} is mounted on {one.folder}/other"])


def test_another_loop_device_over_the_same_file_is_the_same_device(one):
    device, other = one.ground.made("ext4"), one.ground.disk()
    (one.folder / "other").mkdir()
    one.ground.mount(other, str(one.folder / "other"))
    text = one.has(device).refuses("start")
    assert f"mounted on {one.folder}/other (as {other}, which stands on the same file)" in text
    assert len(mounted(one.folder)) == 1


def test_loop_devices_over_other_parts_of_the_file_are_others(one):
    run("mkfs.ext4", "-q", one.ground.disk("both", 64, options=["--sizelimit", str(32 << 20)]))
    first = one.ground.disk("both", options=["--sizelimit", str(32 << 20)])
    second = one.ground.disk("both", options=["--offset", str(32 << 20)])
    run("mkfs.ext4", "-q", second)
    (one.folder / "other").mkdir()
    one.ground.mount(second, str(one.folder / "other"))
    assert one.has(first).do("start")[-1].startswith("mount")


def test_another_mount_at_the_mount_point_is_left_alone(one):
    one.mnt.mkdir()
    one.ground.mount("-t", "tmpfs", "foreign", str(one.mnt))
    one.has(one.ground.made("ext4"))
    assert one.seen() == (Status.DOWN, [f"another file system has its place: tmpfs foreign on {one.mnt}"])
    assert f"tmpfs foreign on {one.mnt} has its place" in one.refuses("start")
    assert one.do("stop") == []
    assert mounted(one.folder)[0][:2] == ("tmpfs", "foreign")


def test_a_mount_over_ours_is_told_and_never_unmounted(one):
    one.has(one.ground.made("ext4")).do("start")
    one.ground.mount("-t", "tmpfs", "foreign", str(one.mnt))
    assert one.seen() == (Status.WARN, [f"it is hidden: tmpfs foreign on {one.mnt} was mounted over it"])
    assert "was mounted over it; unmount that first" in one.refuses("stop", is_forced=True)
    assert len(mounted(one.folder)) == 2


def test_a_start_hides_no_mount_below_its_mount_point(one):
    below = one.folder / "mnt" / "below"
    below.mkdir(parents=True)
    one.ground.mount("-t", "tmpfs", "foreign", str(below))
    assert "would be hidden below" in one.has(one.ground.made("ext4")).refuses("start")


def test_another_file_system_is_named(one):
    device = one.ground.made("xfs", "big", 320)
    text = one.has(device).refuses("start")
    assert "holds no ext2, ext3 or ext4 file system" in text


def test_a_write_protected_device_is_mounted_only_read_only(one):
    one.ground.made("ext4")
    device = one.ground.disk(options=["--read-only"])
    assert "takes no writes" in one.has(device).refuses("start")
    assert one.has(device, mnt_opt="ro").do("start")[-1] == f"mount -t ext4 -o ro {device} {one.mnt}"
    assert one.seen() == (Status.UP, [])


def test_a_protected_device_is_promoted_where_the_file_says_so(one):
    device = one.ground.made("ext4")
    run("blockdev", "--setro", device)
    assert f"blockdev --setrw {device}" in one.has(device, promote_rw="true").do("start")
    assert one.seen() == (Status.UP, [])


def test_multi_mount_protection_is_explained(one):
    device = one.ground.made("ext4", options=["-O", "mmp,^metadata_csum", "-b", "1024"])
    block = re.search(r"MMP block number: *(\d+)", run("dumpe2fs", "-h", device))[1]
    with Path(device).open("r+b") as file:
        file.seek(int(block) * 1024 + 4)
        file.write((0xE24D4D50).to_bytes(4, "little"))  # a check is running on another host
    text = one.has(device).refuses("start")
    assert f"multi-mount protection of {device}" in text and "e2fsck being run" in text and "clear_mmp" in text
    assert mounted(one.folder) == []
