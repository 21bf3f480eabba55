"""Persistent reservations: the driver disk.scsireserv in a machine alone, and in two light nodes, on the logical unit of a third one."""

import json
import sys

from group import resource_of
from prompt import Prompt
from units import log_in, unit

DRIVERS = ("opensvc_driver_scsireserv.driver", "opensvc_driver_fs_ext4.driver", "opensvc_driver_vg.driver")
GROUP = """\
[DEFAULT]
nodes = v1 v2

[disk#1]
type = vg
name = data
scsireserv = true
"""
FILES = """\
[DEFAULT]
nodes = v1 v2

[fs#1]
type = ext4
dev = {device}
mnt = /srv/svc1
scsireserv = true
"""
# the way that somebody else goes is none of its paths
MULTIPATH = """\
defaults {{
    find_multipaths no
    reservation_key file
}}
blacklist {{
    devnode "^(ubd|loop|ram|{other}$)"
}}
"""
STATUS = "om svc1 print status --format json"


def has(text, *nodes):
    for node in nodes:
        node.write("/etc/opensvc/svc1.conf", text)


def prompt(node):
    return Prompt(node, sys.executable, DRIVERS)


def seen(om, rid="fs#1pr"):
    """How the reservation is shown, and what it says."""
    resource = resource_of(json.loads(om(STATUS).stdout), rid)
    messages = resource.get("messages", resource.get("log", []))
    return resource["status"], " ".join(one if isinstance(one, str) else one["text"] for one in messages)


def told(node, device, what="--read-keys"):
    """What a disk tells; the first answer after a change may be that there was one."""
    for _ in range(4):
        done = node(f"sg_persist --in --no-inquiry --readonly {what} {device}", code=None)
        if done.code != 6:
            break
    assert done.code == 0, done
    return done.stdout


def is_free(node, device):
    return "NO registered" in told(node, device)


def write(node, device):
    """The exit code of a write past all caches, at the end of the disk."""
    return node(f"dd if=/dev/zero of={device} bs=4k count=1 seek=16000 oflag=direct conv=nocreat", code=None).code


def steps(done):
    return [line.strip() for line in done.stdout.splitlines() if line.startswith(("@", "  "))]


def test_a_group_is_reserved_before_it_is_tagged_and_released_after_its_tag(alone):
    v1, device = alone, alone.unit()
    plain = v1("sh -ec 'modprobe scsi_debug; udevadm settle; ls /dev/disk/by-id/wwn-0x3*'").stdout.strip()
    v1(f"vgcreate -q --setautoactivation n data {device}")
    has(GROUP, v1)
    om = prompt(v1)
    planned = [line for line in om("om svc1 start --local --plan").stdout.splitlines() if line.startswith("disk")]
    assert [line.partition(": ")[0] for line in planned] == ["disk#1pr"] * 3 + ["disk#1"]
    om("om svc1 start --local --rid disk#1")
    assert seen(om, "disk#1pr") == ("up", "")
    assert "Write Exclusive, registrants only" in told(v1, device, "--read-reservation")
    assert om("om svc1 start --local").stdout.count("already up") == 2
    stopped = [line.split()[0] for line in steps(om("om svc1 stop --local")) if line.startswith(("vgchange", "sg_persist"))]
    assert stopped == ["vgchange", "sg_persist", "sg_persist"]
    assert is_free(v1, device)
    # a disk that knows no reservations
    has(FILES.format(device=plain), v1)
    assert seen(om) == ("warn", f"warn: {plain} knows no persistent reservations")
    failed = om("om svc1 start --local", code=1)
    assert f"fs#1pr: {plain} knows no persistent reservations; take scsireserv out" in failed.stdout + failed.stderr


def test_who_has_not_reserved_it_writes_nothing_until_the_holder_is_said_to_be_dead(vms):
    v3, v4 = vms.light
    shared = unit(vms, megabytes=64)
    device, text = shared.path, FILES.format(device=shared.path).replace("v1 v2", "v3 v4")

    def power_on(node):
        node.power_on()
        log_in(node, shared)
        has(text, node)
        return prompt(node)

    om, other = power_on(v3), power_on(v4)
    v3(f"mkfs.ext4 -q {device}")
    om("om svc1 start --local")
    assert (write(v3, device), write(v4, device)) == (0, 1)
    v3("sh -c 'echo kept >/srv/svc1/file; sync'")
    v3.power_off()
    status, said = seen(other)
    assert (status, f"{device} is reserved by v3 (key 0x" in said) == ("down", True)
    refused = other("om svc1 start --local", code=5)
    assert "stop it there, or if v3 is dead: --confirm-down v3" in refused.stderr
    assert (v4.exists("/srv/svc1/file"), write(v4, device)) == (False, 1)
    # a reservation outlives the boot of who has it, and is not taken for what is up
    om = power_on(v3)
    status, said = seen(om)
    assert (status, "before it booted" in said) == ("down", True)
    om("om svc1 start --local")
    assert (seen(om), write(v3, device), write(v4, device)) == (("up", ""), 0, 1)
    v3.power_off()
    done = other("om svc1 start --local --confirm-down v3")
    assert ("--preempt-abort" in done.stdout, "v3 (key 0x" in done.stdout) == (True, True)
    assert (seen(other), v4.read("/srv/svc1/file")) == (("up", ""), "kept\n")
    assert other("om svc1 stop --local").stdout.count("sg_persist") == 2
    assert is_free(v4, device)


def test_all_paths_of_a_disk_are_registered(alone):
    v1, (device, other) = alone, alone.paths()
    v1(f"mkfs.ext4 -q {device}")
    has(FILES.format(device=device), v1)
    v1.write("/etc/multipath.conf", MULTIPATH.format(other=other.rpartition("/")[2]))
    v1("sh -c 'modprobe dm-multipath; multipathd'")
    v1.wait_for(lambda: v1(f"readlink -f {device}").stdout.startswith("/dev/dm-"), 40)
    om = prompt(v1)
    assert "mpathpersist --out --reserve" in om("om svc1 start --local").stdout
    assert seen(om) == ("up", "")
    assert told(v1, other).count("0x") == 3  # the generation, and a key for each path
    assert (write(v1, device), write(v1, other)) == (0, 1)
    om("om svc1 stop --local")
    assert is_free(v1, other)
