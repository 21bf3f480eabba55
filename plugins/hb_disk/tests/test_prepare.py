"""`om node prepare`: what it writes over, and what it refuses to."""

import subprocess
from pathlib import Path

import pytest
from opensvc_driver_hb_disk.driver import DiskLink

from opensvc_core.testing.hearing import begin, hearing
from opensvc_core.testing.links import made


@pytest.fixture
def configured(root, disk):
    """A node with a heartbeat on the disk."""
    root("om cluster set --kw cluster.name=conformance --kw hb#2.type=disk --kw hb#2.dev=" + disk[0])
    return root


def head(device):
    with Path(device).open("rb") as file:
        return file.read(1 << 20)


def test_a_blank_disk_is_prepared_once(configured, disk):
    assert configured("om node prepare hb#2").stdout == f"{disk[0]}: prepared for 8 nodes\n"
    first, second = made(DiskLink, *({"dev": device, "interval": 0.2} for device in disk))
    with hearing(second) as heard:
        begin(first, heard)
    before = head(disk[1])
    assert configured("om node prepare hb#2").stdout == f"{disk[0]}: is prepared already\n"
    assert head(disk[1]) == before
    first.close()
    second.close()


@pytest.mark.parametrize("kind", [("mkfs.ext4 -q", "ext4"), ("mkswap", "swap"), ("pvcreate --driverloaded n -qq", "LVM")])
@pytest.mark.parametrize("option", ["", " --overwrite"])
def test_what_is_recognised_is_never_written_over(configured, disk, on_disk, kind, option):
    make, found = kind
    on_disk(make, disk[0])
    before = head(disk[0])
    done = configured(f"om node prepare hb#2{option}", code=5)
    assert found in done.stderr
    assert f"is left alone; where that can go: wipefs --all {disk[0]}" in done.stderr
    assert head(disk[0]) == before


def test_what_is_recognised_at_the_end_of_a_disk_counts_too(configured, disk, blank):
    with blank.open("r+b") as file:
        file.seek(-65536 - (blank.stat().st_size % 65536), 2)
        file.write(bytes.fromhex("fc4e2ba9") + bytes(4092))  # md, version 0.90
    assert "linux_raid_member and is left alone" in configured("om node prepare hb#2", code=5).stderr


def test_unknown_data_is_written_over_on_demand_only(configured, disk, blank):
    with blank.open("r+b") as file:
        file.seek(300_000)
        file.write(b"somebody's")
    done = configured("om node prepare hb#2", code=5)
    assert f"hb#2: {disk[0]} holds data of an unknown kind; --overwrite writes over it" in done.stderr
    assert b"somebody's" in head(disk[0])
    assert "prepared for 8 nodes" in configured("om node prepare hb#2 --overwrite").stdout
    assert b"somebody's" not in head(disk[1])


def test_the_disk_of_another_cluster_is_taken_on_demand_only(configured, disk, blank, tables):
    tables(blank, "other")
    assert "is for the heartbeats of the cluster 'other'; --overwrite takes it" in configured("om node prepare hb#2", code=5).stderr
    assert "prepared for 8 nodes" in configured("om node prepare hb#2 --overwrite").stdout


def test_a_mounted_disk_is_refused(configured, disk, on_disk, tmp_path):
    on_disk("mkfs.ext4 -q", disk[0])
    (tmp_path / "mnt").mkdir()
    subprocess.run(["mount", disk[0], tmp_path / "mnt"], check=True, timeout=60)
    try:
        assert f"{disk[0]} is in use" in configured("om node prepare hb#2 --overwrite", code=5).stderr
    finally:
        subprocess.run(["umount", tmp_path / "mnt"], check=True, timeout=60)


def test_too_small_a_disk_is_refused(configured, blank, disk):
    with blank.open("r+b") as file:
        file.truncate(2 << 20)
    for device in disk:
        subprocess.run(["losetup", "--set-capacity", device], check=True, timeout=60)
    assert "3145728 are needed for two nodes" in configured("om node prepare hb#2", code=1).stderr


def test_only_a_disk_heartbeat_is_prepared(configured):
    configured("om cluster set --kw hb#1.type=unicast")
    assert "hb#1 is hb.unicast, which has no disk to prepare" in configured("om node prepare hb#1", code=7).stderr
    assert "no heartbeat 'hb#9' on this node; there are hb#2, hb#1" in configured("om node prepare hb#9", code=4).stderr
