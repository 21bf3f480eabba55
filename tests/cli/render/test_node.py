"""The pages of a node."""

import pytest

from opensvc_core.cli.render.node import devices_text, moment_text, size_text


def device(name, size=1 << 20, kind="disk", parents=(), *, mounts=(), services=(), path=""):
    uses = [{"service": service, "rid": rid, "made": made} for service, rid, made in services]
    place = path or f"/dev/{name}"
    return {"name": name, "path": place, "size": size, "type": kind, "parents": parents, "mount_points": mounts, "services": uses}


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0b"), (512, "512b"), (1536, "1.5k"), (64 << 20, "64m"), (25276510208, "23.5g"), (1 << 48, "256t")]
)
def test_sizes_read_well(size, text):
    assert size_text(size) == text


def test_moments_are_in_utc():
    assert moment_text(0) == "1970-01-01T00:00:00Z"


def test_devices_are_a_tree_with_their_services():
    devices = [
        device("sda", 1 << 30),
        device("sda1", 1 << 29, "part", ["sda"], mounts=["/"]),
        device("sda2", 1 << 29, "part", ["sda"]),
        device(
            *("dm-0", 1 << 28, "lvm", ["sda2"]),
            mounts=["/srv/web"],
            services=[("web", "disk#1", True), ("web", "fs#1", False)],
            path="/dev/mapper/vg1-web",
        ),
        device("sdb"),
        device("", 0, "missing", services=[("db", "fs#1", False)], path="/dev/vg2/db"),
    ]
    assert devices_text(devices).splitlines() == [
        "device                size  type     mounted on  services",
        "sda                     1g  disk",
        "|- sda1               512m  part     /",
        "`- sda2               512m  part",
        "   `- mapper/vg1-web  256m  lvm      /srv/web    web disk#1 (made), web fs#1",
        "sdb                     1m  disk",
        "vg2/db                      missing              db fs#1",
    ]


def test_a_device_on_two_others_stands_below_each():
    devices = [device("sda"), device("sdb"), device("md0", kind="raid", parents=["sda", "sdb"])]
    assert [line.split()[:2] for line in devices_text(devices).splitlines()[1:]] == [
        ["sda", "1m"],
        ["`-", "md0"],
        ["sdb", "1m"],
        ["`-", "md0"],
    ]
