"""Shared disks of the lab behave as disks of two machines: caches of their own, and journals that a power cut leaves dirty."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Lab, disk


@pytest.mark.parametrize(("make", "repair"), [("mkfs.ext4 -q", "e2fsck -p"), ("mkfs.xfs -q", "true")], ids=["ext4", "xfs"])
def test_synced_lines_outlive_the_power_of_their_writer(lab, make, repair):
    n1, n2 = lab.nodes
    lab.disk("data", megabytes=320)
    _mounted(n1, make)
    n1.begin("sh -c 'i=0; while :; do i=$((i+1)); echo $i >>/mnt/lines; sync /mnt/lines; echo $i >/run/synced; done'")
    n1.wait_for(lambda: _number(n1) > 20)
    while not (synced := _number(n1)):
        pass
    n1.power_off()
    n2(f"{repair} /run/shared/data")
    n2("mount /run/shared/data /mnt")
    lines = [int(line) for line in n2.read("/mnt/lines").splitlines()]
    assert lines == list(range(1, len(lines) + 1)) and len(lines) >= synced


def test_a_power_cut_leaves_the_journal_dirty(lab):
    n1, n2 = lab.nodes
    lab.disk("data")
    _mounted(n1, "mkfs.ext4 -q")
    n1("sh -c 'echo text >/mnt/file; sync /mnt/file'")
    assert any(_is_lost(n1, n2, number) for number in range(5))
    assert n2.read("/mnt/file") == "text\n"


def _is_lost(n1, n2, number):
    """What was never synced is not there after a power cut; it may be where that came late, or somebody has synced the whole host."""
    n1(f"sh -c 'mountpoint -q /mnt || mount /run/shared/data /mnt; echo lost >/mnt/never-synced{number}'")
    n1.power_off()
    assert "needs_recovery" in n2("dumpe2fs -h /run/shared/data").stdout
    assert "recovering journal" in n2("e2fsck -p /run/shared/data").stdout
    n2("mount /run/shared/data /mnt")
    if not n2.exists(f"/mnt/never-synced{number}"):
        return True
    n2("umount /mnt")
    n1.power_on()
    return False


def test_an_orderly_end_leaves_it_clean(lab):
    n1, n2 = lab.nodes
    lab.disk("data")
    _mounted(n1, "mkfs.ext4 -q")
    n1("umount /mnt")
    assert "needs_recovery" not in n2("dumpe2fs -h /run/shared/data").stdout


def test_the_nodes_have_caches_of_their_own(lab):
    """Mounted twice, each sees its own files: the damage that an agent is to prevent can happen."""
    n1, n2 = lab.nodes
    lab.disk("data")
    _mounted(n1, "mkfs.ext4 -q")
    n2("mount /run/shared/data /mnt")
    before = n2("ls /mnt").stdout
    n1("sh -c 'echo one >/mnt/one; sync'")
    assert n1("ls /mnt").stdout != before
    assert n2("ls /mnt").stdout == before


def test_a_node_has_a_device_of_its_own_and_finds_it_after_a_power_cut(lab):
    n1, n2 = lab.nodes
    devices = lab.disk("data", megabytes=8)
    assert set(devices) == {"n1", "n2"} and len(set(devices.values())) == 2
    n1.power_off()
    n1.power_on()
    for node in (n1, n2):
        assert node("readlink /run/shared/data").stdout.strip() == devices[node.name]
        assert node(f"blockdev --getsize64 {devices[node.name]}").stdout == f"{8 << 20}\n"


def test_a_busy_disk_is_freed_with_its_lab():
    with Lab() as lab:
        label = lab.label
        lab.disk("data")
        _mounted(lab["n1"], "mkfs.ext4 -q")
        lab["n1"].begin("sh -c 'cd /mnt; sleep 1000'")
        assert len(disk.labelled(label)) == 2
        n1 = lab["n1"]
    # the kernel unmounts it when it comes to it
    n1.wait_for(lambda: disk.labelled(label) == [])
    assert label not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def _number(node):
    """The last line that was synced, as far as that is told: its file is empty while it is written."""
    return int((node.exists("/run/synced") and node.read("/run/synced")) or 0)


def _mounted(node, make):
    node(f"{make} /run/shared/data")
    node("mkdir -p /mnt")
    node("mount /run/shared/data /mnt")
