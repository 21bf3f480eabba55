"""The block devices of a host, from trees as sysfs has them and from this host."""

from pathlib import Path

import pytest

from opensvc_core.system import blockdevices

MOUNTS = r"""
27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 27 253:0 / /srv/a\040b rw - xfs /dev/mapper/vg1-lv1 rw
41 27 253:0 /sub /srv/bound rw - xfs /dev/mapper/vg1-lv1 rw
42 27 0:44 / /btr rw - btrfs /dev/sdb rw
43 27 0:45 / /run rw - tmpfs tmpfs rw
"""


@pytest.fixture
def sys(tmp_path):
    """A disk with a partition and a volume on it, a second disk, an empty loop device."""
    made = {
        "devices/sda": {"dev": "8:0", "size": "2048"},
        "devices/sda/sda1": {"dev": "8:1", "size": "1024", "partition": "1"},
        "devices/sdb": {"dev": "8:16", "size": "4096"},
        "devices/dm-0": {"dev": "253:0", "size": "512", "dm/name": "vg1-lv1", "dm/uuid": "LVM-abc"},
        "devices/loop0": {"dev": "7:0", "size": "8", "loop/backing_file": "/srv/x.img"},
        "devices/loop1": {"dev": "7:1", "size": "0"},
        "devices/cciss!c0d0": {"dev": "104:0", "size": "2"},
    }
    (tmp_path / "class/block").mkdir(parents=True)
    for folder, files in made.items():
        for name, text in files.items():
            file = tmp_path / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")
        (tmp_path / "class/block" / Path(folder).name).symlink_to(tmp_path / folder)
    (tmp_path / "devices/dm-0/slaves").mkdir()
    (tmp_path / "devices/dm-0/slaves/sda1").symlink_to(tmp_path / "devices/sda/sda1")
    (tmp_path / "mounts").write_text(MOUNTS.lstrip())
    return tmp_path


def by_name(sys):
    return {device.name: device for device in blockdevices.read(sys, sys / "mounts")}


def test_devices_have_size_kind_and_path(sys):
    found = by_name(sys)
    facts = {name: (one.kind, one.size, one.path) for name, one in found.items()}
    assert facts == {
        "cciss!c0d0": ("disk", 1024, "/dev/cciss/c0d0"),
        "dm-0": ("lvm", 512 * 512, "/dev/mapper/vg1-lv1"),
        "loop0": ("loop", 4096, "/dev/loop0"),
        "sda": ("disk", 2048 * 512, "/dev/sda"),
        "sda1": ("part", 1024 * 512, "/dev/sda1"),
        "sdb": ("disk", 4096 * 512, "/dev/sdb"),
    }
    assert found["loop0"].file == "/srv/x.img"


def test_a_device_knows_what_it_stands_on(sys):
    found = by_name(sys)
    assert (found["sda1"].parents, found["dm-0"].parents, found["sda"].parents) == (("sda",), ("sda1",), ())


def test_mount_points_are_found_by_number_and_by_path(sys):
    found = by_name(sys)
    assert found["sda1"].mount_points == ("/",)
    assert found["dm-0"].mount_points == ("/srv/a b", "/srv/bound")
    assert found["sdb"].mount_points == ("/btr",)


def test_names_are_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 2, 1):
        folder = tmp_path / f"class/block/loop{number}"
        folder.mkdir(parents=True)
        (folder / "size").write_text("1")
    assert [device.name for device in blockdevices.read(tmp_path, tmp_path / "none")] == ["loop1", "loop2", "loop10"]


def test_a_host_without_block_devices_has_none(tmp_path):
    assert blockdevices.read(tmp_path, tmp_path / "none") == []


def test_only_a_device_has_a_number(tmp_path):
    assert [blockdevices.number_of(path) for path in (str(tmp_path), "/dev/null", "/nowhere", "a\0b")] == ["", "", "", ""]


def test_a_device_of_this_host_is_found_by_any_path_to_it(tmp_path):
    device = next((device for device in blockdevices.read() if Path(device.path).exists()), None)
    if device is None:
        pytest.skip("this host shows no block device in /dev")
    (tmp_path / "link").symlink_to(device.path)
    assert blockdevices.number_of(str(tmp_path / "link")) == device.number
