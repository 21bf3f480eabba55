"""The volume group `data` in a machine: services on it, how it is made, what is seen of it."""

import json
from contextlib import contextmanager

SERVICE = """\
[DEFAULT]
nodes = v1 v2

[disk#0]
type = vg
name = data

[disk#1]
type = lv
name = app
vg = {disk#0.name}

[disk#2]
type = lv
name = web
vg = {disk#0.name}

[fs#app]
type = ext4
dev = {disk#1.exposed_devs[0]}
mnt = /{name}/{disk#1.name}
"""
ALONE = "[DEFAULT]\nnodes = v1 v2\n\n[disk#0]\ntype = vg\nname = data\n"
DRIVERS = ("opensvc_driver_vg.driver", "opensvc_driver_lv.driver", "opensvc_driver_fs_ext4.driver")
STATUS = "print status --format json"


# Takes away what a test has left: whoever holds a volume, mounts, maps, devices, files of the agent and of the test.
CLEARED = """
fuser -s -k /dev/mapper/data-*
grep -E "^/dev/(mapper|loop)" /proc/mounts | cut -d" " -f2 | xargs -r umount
dmsetup remove_all --force
losetup -D
rm -rf /etc/opensvc/* /var/lib/opensvc/* /run/opensvc/* /run/pv* /dev/data
cp /run/lvmlocal.conf /etc/lvm/lvmlocal.conf
udevadm settle
"""


@contextmanager
def cleared(node):
    """A node for a test, which leaves nothing in it."""
    node("cp /etc/lvm/lvmlocal.conf /run/lvmlocal.conf")
    try:
        yield node
    finally:
        node(f"sh -c '{CLEARED}'", code=None)
    left = node("sh -c 'losetup -n; dmsetup ls; vgs --noheadings; cat /proc/mounts'").stdout
    assert not any(word in left for word in ("/dev/loop", "data-", " data ")), left


def has(text, *nodes, name="svc1.conf"):
    for node in nodes:
        node.write(f"/etc/opensvc/{name}", text)


def group_on(node, *devices, volumes=("app", "web")):
    """The group `data` with volumes, as an administrator leaves it for the agent: not active, without a tag, left alone by udev."""
    lines = [f"vgcreate -q --setautoactivation n data {' '.join(devices)}", *(f"lvcreate -q -y -L 8m -n {name} data" for name in volumes)]
    node(f"sh -ec '{'; '.join(lines)}; mkfs.ext4 -q /dev/data/{volumes[0]}; vgchange -q -a n data'")


def loops(node, count=1, megabytes=64):
    line = f"truncate -s {megabytes}M /run/$n; losetup -f --show /run/$n"
    return node(f"sh -ec 'for n in {' '.join(f'pv{number}' for number in range(count))}; do {line}; done'").stdout.split()


def tags(node):
    return node("vgs --noheadings -o vg_tags data").stdout.split()


def active(node):
    """The names of the active volumes."""
    return [line.split()[0] for line in node("lvs --noheadings -o lv_name,lv_active data").stdout.splitlines() if "active" in line]


def seen(om, rid="disk#0"):
    """How a resource is shown, and what it says of itself."""
    resource = json.loads(om(f"om svc1 {STATUS}").stdout)
    found = resource_of(resource, rid)
    return found["status"], " ".join(
        text if isinstance(text, str) else text["text"] for text in found.get("messages", found.get("log", []))
    )


def resource_of(value, rid):
    """The picture of a resource, wherever in the status it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("resources"), dict) and rid in value["resources"]:
            return value["resources"][rid]
        if value.get("rid") == rid:
            return value
        value = list(value.values())
    found = (resource_of(one, rid) for one in value) if isinstance(value, list) else ()
    return next((one for one in found if one), None)
