"""To make a file system of fs.ext4, and to wipe it."""

import os
from pathlib import Path

import pytest
from opensvc_linux.testing import run


def test_provision_makes_it_from_nothing(one):
    device = one.ground.disk()
    assert one.has(device, mkfs_opt="-L data").do("provision") == [
        f"mkfs.ext4 -q -L data {device}",
        f"create missing mountpoint {one.mnt}",
        f"e2fsck -p {device}",
        f"mount -t ext4 {device} {one.mnt}",
    ]
    assert run("blkid", "-p", "-o", "value", "-s", "LABEL", device) == "data\n"
    assert one.do("provision") == []


@pytest.mark.parametrize("kind", ["swap", "dos"])
def test_provision_refuses_a_device_that_holds_anything(one, kind):
    device = one.ground.disk()
    if kind == "swap":
        run("mkswap", device)
    else:
        with Path(device).open("r+b") as file:
            file.seek(446)
            file.write(
                bytes([0, 0, 0, 0, 0x83, 0, 0, 0]) + (2048).to_bytes(4, "little") + (4096).to_bytes(4, "little") + bytes(48) + b"\x55\xaa"
            )
    before = one.ground.image().read_bytes()
    assert f"{device} holds {kind}" in one.has(device).refuses("provision")
    assert one.ground.image().read_bytes() == before


def test_unprovision_wipes_our_signature_and_no_other(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    assert one.do("unprovision") == [f"umount {one.mnt}", f"wipefs --all --types ext4 {device}", f"rmdir {one.mnt}"]
    run("mkswap", device)
    assert one.do("unprovision") == []
    assert run("blkid", "-p", "-o", "value", "-s", "TYPE", device) == "swap\n"


def test_unprovision_wipes_nothing_that_is_mounted_elsewhere(one):
    device = one.ground.made("ext4")
    (one.folder / "other").mkdir()
    one.ground.mount(device, str(one.folder / "other"))
    assert "still in use" in one.has(device).refuses("unprovision")
    assert run("blkid", "-p", "-o", "value", "-s", "TYPE", device) == "ext4\n"


def test_a_label_that_two_devices_have_is_not_wiped(one):
    label = f"w{os.getpid()}"
    for name in "ab":
        one.ground.made("ext4", name, options=["-L", label])
    assert "name the device by its path" in one.has(f"LABEL={label}").refuses("unprovision")
