"""Copies from snapshots: files of one moment, on a kernel with device-mapper, and nothing of the snapshots left."""

import sys

import pytest
from neighbour import Neighbour
from prompt import Prompt

pytestmark = pytest.mark.timeout(200)
GROUP = "[disk#0]\ntype = vg\nname = data\n\n[fs#app]\ntype = ext4\ndev = /dev/data/app\nmnt = /srv/app\n"
SYNC = "\n[sync#data]\nsrc = {}\ndst = /srv/copy\ntarget = nodes\nsnap = true\n{}\n"
DRIVERS = tuple(f"opensvc_driver_{name}" for name in ("vg.driver", "fs_ext4.driver", "sync_rsync.driver", "sync_rsync.snapshots"))
COPY = "sync nodes --force --rid sync#data"
# Seconds: a Python is started on both nodes, on a processor that does more.
LIMIT = 60
POINT = "/var/lib/opensvc/svc/svc1/sync#data/snapshots/data-app/app"
MADE = "truncate -s 480M /run/pv; losetup -f --show /run/pv"
GONE = "umount -q /srv/big /srv/app; dmsetup remove_all --force; losetup -D; rm -rf /dev/data /run/pv /var/lib/opensvc/svc"


@pytest.fixture(scope="module")
def nodes(machine):
    """v1, a machine, and v2, a node inside of it."""
    return machine, Neighbour(machine)


@pytest.fixture(scope="module")
def om(nodes):
    """A prompt on v1."""
    return Prompt(nodes[0], sys.executable, DRIVERS)


@pytest.fixture
def pair(nodes):
    """v1 with a group of two volumes on a device of this test, one of them with a file system, and v2."""
    v1, v2 = nodes
    device = v1(f"sh -ec '{MADE}'").stdout.strip()
    lines = ["vgcreate -q --setautoactivation n data " + device, "lvcreate -q -y -L 16m -n app data", "lvcreate -q -y -L 320m -n big data"]
    v1(f"sh -ec '{'; '.join(lines)}; mkfs.ext4 -q /dev/data/app'")
    v2("mkdir -p /srv/copy")
    yield v1, v2
    v1("pkill -KILL -x rsync", code=None)
    v1(f"sh -c '{GONE}'", code=None)
    v2("rm -rf /srv/copy")


@pytest.fixture
def service(pair, om):
    """Starts the service on v1, with what is to be copied, and further keywords."""

    def start(source, more=""):
        pair[0].write("/etc/opensvc/svc1.conf", f"[DEFAULT]\nnodes = v1 v2\n\n{GROUP}{SYNC.format(source, more)}")
        om("om svc1 start --local", timeout=LIMIT)
        pair[0].write("/srv/app/d/a", "old\n")

    return start


@pytest.fixture
def slow(pair, service):
    """A copy that has its snapshot and takes long: its agent, in the background, and the number of its process."""
    service("/srv/app/", "bwlimit = 10")
    v1, v2 = pair
    v1("sh -c 'head -c 200000 /dev/urandom >/srv/app/e'")
    begun = v1.begin(f"sh -c 'echo $$ >/tmp/agent; exec om svc1 {COPY}'")
    v2.wait_for(lambda: ".e." in v2("ls -A /srv/copy").stdout, LIMIT)
    return begun, v1.read("/tmp/agent").strip()


def volumes(node):
    return sorted(node("lvs --noheadings -o lv_name data").stdout.split())


def mounted(node):
    return node("findmnt -rno TARGET,FSTYPE,OPTIONS", code=None).stdout


def is_clean(node):
    """Nothing of a snapshot is left: no volume, no mount, no folder."""
    return volumes(node) == ["app", "big"] and "snapshots" not in mounted(node) and not node.exists(POINT)


def test_the_copy_is_of_the_moment_when_it_began(pair, slow):
    v1, v2 = pair
    (snapshot,) = set(volumes(v1)) - {"app", "big"}
    assert snapshot.startswith("app.sync.")
    (line,) = [line for line in mounted(v1).splitlines() if line.startswith(POINT)]
    assert line.split()[1] == "ext4"
    assert line.split()[2].startswith("ro,")
    v1("sh -c 'echo new >/srv/app/d/a; echo late >/srv/app/z; rm /srv/app/e'")
    done = slow[0].wait(LIMIT)
    assert done.code == 0, done
    assert v2("sh -c 'cd /srv/copy; cat d/a; ls; stat -c %s e'").stdout == "old\nd\ne\nlost+found\n200000\n"
    assert is_clean(v1)


def test_an_interrupted_copy_takes_its_snapshot_away(pair, slow):
    v1, _ = pair
    begun, pid = slow
    v1(f"kill -TERM {pid}")
    assert begun.wait(LIMIT).code == 130
    assert is_clean(v1)


def test_what_a_killed_copy_has_left_is_removed_by_the_next(pair, om, slow):
    v1, v2 = pair
    v1(f"sh -c 'kill -KILL {slow[1]}; pkill -KILL -x rsync'")
    slow[0].wait()
    assert not is_clean(v1)
    v1("rm /srv/app/e")
    done = om(f"om svc1 {COPY}", timeout=LIMIT)
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")][:3] == ["umount", "rmdir", "lvremove"]
    assert v2("cat /srv/copy/d/a").stdout == "old\n"
    assert is_clean(v1)


def test_what_a_killed_copy_has_left_keeps_no_group_from_its_stop(pair, om, slow):
    v1, _ = pair
    v1(f"kill -KILL {slow[1]}")
    slow[0].wait()
    om("om svc1 stop --local", timeout=LIMIT)
    assert "active" not in v1("lvs --noheadings -o lv_active data").stdout
    assert is_clean(v1)


def test_each_volume_has_its_snapshot_an_xfs_too_as_the_plan_says(pair, om, service):
    v1, v2 = pair
    service("/srv/app /srv/big/", "snap_size = 8m")
    v1("sh -ec 'mkfs.xfs -q /dev/data/big; mkdir /srv/big; mount /dev/data/big /srv/big; echo x >/srv/big/x'")
    lines = [line.split(": ")[1] for line in om(f"om svc1 {COPY} --plan").stdout.splitlines() if line.startswith("sync#data")]
    words = " ".join(line.split()[0] for line in lines)
    assert words == "lvcreate lvcreate mkdir mount mkdir mount rsync umount rmdir umount rmdir lvremove lvremove note"
    assert [line.split()[2:5] for line in lines if line.startswith("mount")] == [["ext4", "-o", "ro"], ["xfs", "-o", "ro,nouuid"]]
    om(f"om svc1 {COPY}", timeout=LIMIT)
    # a source without / at its end keeps its name
    assert v2("sh -c 'cd /srv/copy; cat app/d/a x'").stdout == "old\nx\n"
    assert is_clean(v1)


def test_what_is_on_no_volume_or_has_no_room_is_told_and_nothing_is_sent(pair, om, service):
    v1, v2 = pair
    service("/srv/app/ /root/.ssh/")
    said = om(f"om svc1 {COPY}", code=1, timeout=LIMIT).stdout
    assert "sync#data.snap: /root/.ssh/ is on overlay" in said
    assert "that is no logical volume: no snapshot can be made of it (snap = false copies it as it is)" in said
    v1("lvcreate -q -y -l 100%FREE -n full data")
    service("/srv/app/")
    assert "insufficient" in om(f"om svc1 {COPY}", code=1, timeout=LIMIT).stdout.lower()
    assert v2("ls -A /srv/copy").stdout == ""
    assert volumes(v1) == ["app", "big", "full"]
