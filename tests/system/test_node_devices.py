"""A node tells which of its block devices the services use."""

import json

import pytest

pytestmark = pytest.mark.lab(nodes=1)


def line_of(text, device):
    return next((line for line in text.splitlines() if line.split()[0] == device.removeprefix("/dev/")), "")


def test_a_device_is_told_with_its_mount_points_and_the_services_that_made_it(lab):
    (node,) = lab.nodes
    node("mkdir /srv/web")
    node("truncate -s 16M /srv/web.img")
    node("mkfs.ext4 -q /srv/web.img")
    node.write("/etc/opensvc/web.conf", "[disk#1]\ntype = loop\nfile = /srv/web.img\n")
    node("om web start --local")
    (device,) = json.loads(node("om web print devs --format json").stdout)["services"]["web"]["disk#1"]["exposed"]
    assert line_of(node("om node print devs").stdout, device).split() == [
        device.removeprefix("/dev/"),
        "16m",
        "loop",
        "web",
        "disk#1",
        "(made)",
    ]
    node(f"mount {device} /srv/web")
    found = json.loads(node("om node print devs --format json").stdout)["devices"]
    (told,) = [one for one in found if one["path"] == device]
    assert (told["size"], told["mount_points"]) == (16 << 20, ["/srv/web"])
    assert told["file"].endswith("/srv/web.img")
    assert told["services"] == [{"service": "web", "rid": "disk#1", "made": True}]
    node("umount /srv/web")
    node("om web stop --local")
    assert "web" not in line_of(node("om node print devs").stdout, device)
