"""Block devices."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from opensvc_linux import devices
from opensvc_linux.holders import openers
from opensvc_linux.testing import run, settles, shows
from opensvc_linux.uses import where_mounted, why_claimed


@contextmanager
def open_by(device):
    """A process that has a device open; its id."""
    with Path(device).open("rb", buffering=0) as opened:
        process = subprocess.Popen(["sleep", "60"], stdin=opened)
    try:
        yield shows(process.pid, "sleep")
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("dev", "expected"),
    [
        ("LABEL=data", ("LABEL", "data")),
        ('UUID="ab-cd"', ("UUID", "ab-cd")),
        ("partlabel=x y", ("PARTLABEL", "x y")),
        ("/dev/sdb=1", None),
        ("nas1:/a=b", None),
        ("/dev/sda1", None),
    ],
)
def test_tags_and_paths_are_told_apart(dev, expected):
    assert devices.tag_of(dev) == expected


def test_the_link_of_a_label_is_written_as_udev_does():
    assert str(devices.tag_link("LABEL", "my data/ä")) == "/dev/disk/by-label/my\\x20data\\x2fä"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dev/vg1/lv1", "/dev/mapper/vg1-lv1"),
        ("/dev/vg-1/lv-a-b", "/dev/mapper/vg--1-lv--a--b"),
        ("/dev/mapper/vg1-lv1", "/dev/mapper/vg1-lv1"),
        ("/dev/sda1", "/dev/sda1"),
    ],
)
def test_logical_volumes_have_two_names(path, expected):
    assert devices.mapper_name(path) == expected


def test_only_block_devices_have_a_number(tmp_path):
    assert devices.number("/dev/null") is None
    assert devices.number(str(tmp_path)) is None
    assert devices.number("/dev/no-such-device") is None


def test_all_names_of_a_device_have_one_number(ground, tmp_path):
    device = ground.disk()
    node, link = tmp_path / "node", tmp_path / "link"
    number = devices.number(device)
    os.mknod(node, 0o600 | 0o060000, os.makedev(*number))
    link.symlink_to(device)
    assert devices.number(str(node)) == devices.number(str(link)) == number
    assert devices.kernel_name(number) == device.removeprefix("/dev/")


def test_loop_devices_over_one_file_are_siblings(ground):
    one, two, other = ground.disk(), ground.disk(), ground.disk("other")
    assert [path for path, _ in devices.siblings(one)] == [two]
    assert list(devices.siblings(other)) == []


def test_a_mounted_device_is_claimed_and_its_file_system_alive(ground, tmp_path):
    device = ground.made("ext4")
    number = devices.number(device)
    assert (devices.is_claimed(device), devices.is_active(number, "/sys/fs/ext4")) == (False, False)
    (tmp_path / "mnt").mkdir()
    ground.mount(device, str(tmp_path / "mnt"))
    assert (devices.is_claimed(device), devices.is_active(number, "/sys/fs/ext4")) == (True, True)


def test_write_protection_is_seen(ground):
    assert devices.is_read_only(devices.number(ground.disk(options=["--read-only"]))) is True
    assert devices.is_read_only(devices.number(ground.disk())) is False


def test_swap_is_a_reason_why_a_device_is_claimed(ground):
    device = ground.disk()
    assert why_claimed(device).startswith("in use")
    assert where_mounted(device, [], everywhere=True) == []


def test_who_has_a_device_open_is_named(ground):
    device = ground.disk()
    with open_by(device) as first:
        # whoever looks at all devices of the host has this one open for a moment, too
        settles(lambda: why_claimed(device) == f"in use: sleep (pid {first}) has it open")
        with open_by(device) as second:
            named = ", ".join(f"sleep (pid {pid})" for pid in sorted((first, second)))
            settles(lambda: why_claimed(device) == f"in use: {named} have it open")
    settles(lambda: openers(device) == [])


def test_magic_bytes_are_read_where_they_stand(ground):
    device = ground.disk()
    assert devices.has_magic(device, ((0x438, b"\x53\xef"),)) is False
    run("mkfs.ext4", "-q", device)
    assert devices.has_magic(device, ((0x438, b"\x53\xef"),)) is True
    assert devices.has_magic("/dev/no-such-device", ((0, b"x"),)) is None
