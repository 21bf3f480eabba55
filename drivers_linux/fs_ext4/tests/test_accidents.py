"""File systems of fs.ext4 that a host died with."""

import os

from opensvc_linux.testing import mounted, run

from opensvc_core.api import Status
from opensvc_core.instance.request import Request


def test_a_dirty_journal_is_brought_back_and_no_synced_line_is_lost(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    with (one.mnt / "log").open("w") as file:
        for number in range(200):
            file.write(f"line {number}\n")
            file.flush()
            os.fsync(file.fileno())
        power_off(one.mnt)
    assert one.seen()[0] is Status.UP and "fs is not writable" in one.seen()[1]
    one.do("stop")
    assert "needs_recovery" in run("dumpe2fs", "-h", device)
    lines = []
    one.service.perform(Request("start"), lambda event: lines.append(event.text))
    assert any("recovering journal" in line for line in lines)
    assert (one.mnt / "log").read_text().splitlines() == [f"line {number}" for number in range(200)]


def test_errors_that_need_a_decision_stop_the_start(one):
    device = one.ground.made("ext4")
    run("debugfs", "-w", "-R", "clri <2>", device)  # the root directory is gone
    run("tune2fs", "-E", "force_fsck", device)
    text = one.has(device).refuses("start")
    assert f"{device} has errors that need a decision" in text and f"e2fsck {device}" in text
    assert mounted(one.folder) == []


def power_off(point):
    """What a power cut leaves: EXT4_IOC_SHUTDOWN without flushing the journal."""
    import fcntl
    import struct

    descriptor = os.open(point, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, 0x8004587D, struct.pack("I", 2))
    finally:
        os.close(descriptor)


def test_a_file_system_that_a_host_died_with_is_not_wiped(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    power_off(one.mnt)
    run("umount", str(one.mnt))
    assert "or was left by one that died" in one.refuses("unprovision")
    one.do("start")
    assert f"wipefs --all --types ext4 {device}" in one.do("unprovision")
