"""Volume groups, on a kernel with device-mapper: the drivers disk.vg and disk.lv in a machine alone, and in two with a shared disk."""

import sys

import pytest
from group import ALONE, DRIVERS, SERVICE, active, cleared, group_on, has, loops, seen, tags
from prompt import Prompt

OLDER = """\
[default]
nodes = v1 v2

[vg#0]
vgname=data
"""
# A table with one partition of Linux, from sector 2048 on.
PARTITION = (
    r'printf "\0\0\0\0\203\0\0\0\0\10\0\0\0\40\0\0" | dd of={0} bs=1 seek=446 conv=notrunc status=none;'
    r' printf "\125\252" | dd of={0} bs=1 seek=510 conv=notrunc status=none'
)


@pytest.fixture(scope="module")
def om(machine):
    """A prompt on it."""
    return Prompt(machine, sys.executable, DRIVERS)


@pytest.fixture
def v1(machine):
    with cleared(machine) as node:
        yield node


def test_a_service_on_volumes_starts_and_stops_as_the_pages_show(v1, om):
    group_on(v1, *loops(v1))
    has(SERVICE, v1)
    planned = om("om svc1 start --local --plan").stdout.splitlines()
    assert planned[:4] == [
        "disk#0: vgchange --addtag @v1 data",
        "disk#0: vgchange -a y data",
        "disk#1: lv data/app is already up",
        "disk#2: lv data/web is already up",
    ]
    lines = om("om svc1 start --local").stdout.splitlines()
    assert lines[:9] == [
        "@ n:v1 o:svc1 r:disk#0 sc:n",
        "  vgchange --addtag @v1 data",
        '  | Volume group "data" successfully changed',
        "  vgchange -a y data",
        '  | 2 logical volume(s) in volume group "data" now active',
        "@ n:v1 o:svc1 r:disk#1 sc:n",
        "  lv data/app is already up",
        "@ n:v1 o:svc1 r:disk#2 sc:n",
        "  lv data/web is already up",
    ]
    status = om("om svc1 print status").stdout
    assert "disk#0         ........ up         vg data\n" in status
    assert "disk#1         ........ up         lv data/app\n" in status
    assert "fs#app         ........ up         ext4 /dev/data/app@/svc1/app\n" in status
    assert om("om svc1 stop --local --plan").stdout.splitlines() == [
        "fs#app: umount /svc1/app",
        "disk#2: lvchange -a n data/web",
        "disk#1: lvchange -a n data/app",
        "disk#0: vgchange --deltag @v1 data",
    ]
    assert om("om svc1 stop --local").stdout.splitlines() == [
        "@ n:v1 o:svc1 r:fs#app sc:n",
        "  umount /svc1/app",
        "@ n:v1 o:svc1 r:disk#2 sc:n",
        "  lvchange -a n data/web",
        "@ n:v1 o:svc1 r:disk#1 sc:n",
        "  lvchange -a n data/app",
        "@ n:v1 o:svc1 r:disk#0 sc:n",
        "  vgchange --deltag @v1 data",
        '  | Volume group "data" successfully changed',
    ]
    assert (active(v1), tags(v1)) == ([], [])


def test_an_older_section_says_it_in_the_older_words(v1, om):
    group_on(v1, *loops(v1))
    has(OLDER, v1, name="svc1.env")
    v1("vgchange -a y data")
    lines = [line[9:] for line in om("svcmgr -s svc1 start").stdout.splitlines()]
    assert lines == ["INFO    SVC1.VG#0               data is already up"]
    assert "|  '- vg#0           .... up       data\n" in om("svcmgr -s svc1 print status").stdout
    assert tags(v1) == []
    lines = om("svcmgr -s svc1 stop").stdout.splitlines()
    assert [line[9:] for line in lines if "INFO" in line] == [
        "INFO    SVC1.VG#0               " + text for text in ("vgchange -a n data", "output:")
    ]
    assert '  0 logical volume(s) in volume group "data" now active' in lines


def test_a_group_that_another_node_has_is_refused_until_that_node_is_said_to_be_dead(two):
    v1, v2, device = two
    group_on(v1, device)
    has(SERVICE, v1, v2)
    om = Prompt(v1, sys.executable, DRIVERS)
    om("om svc1 start --local")
    v1("sh -c 'echo kept >/svc1/app/file; sync'")
    om = Prompt(v2, sys.executable, DRIVERS)
    refused = om("om svc1 start --local", code=5)
    assert "data is held by v1, whose tag it carries; stop it there, or if v1 is dead: --confirm-down v1" in refused.stderr
    assert (tags(v2), active(v2), v2.exists("/svc1/app/file")) == (["v1"], [], False)
    v1.power_off()
    om("om svc1 start --local", code=5)
    done = om("om svc1 start --local --confirm-down v1")
    assert "v1 is confirmed to be down: its tag is removed from data" in done.stdout
    assert (tags(v2), v2.read("/svc1/app/file")) == (["v2"], "kept\n")


def test_a_group_that_misses_a_device_is_told_and_not_started(v1, om):
    first, second = loops(v1, 2)
    group_on(v1, first, second)
    has(ALONE, v1)
    om("om svc1 start --local")
    v1(f"sh -c 'vgchange -q -a n data; losetup -d {second}'")
    status, text = seen(om)
    assert status == "warn"
    assert "data misses 1 physical volume (" in text
    failed = om("om svc1 start --local", code=1)
    assert "disk#0: data misses 1 physical volume (" in failed.stdout + failed.stderr
    assert active(v1) == []
    failed = om("om svc1 stop --local", code=1)
    assert "LVM does not change it, and the tag @v1 stays" in failed.stdout + failed.stderr


def test_two_groups_of_one_name_are_told_apart_by_nobody(v1, om):
    first, second = loops(v1, 2)
    v1(f"sh -ec 'vgcreate -q --devices {first} data {first}; vgcreate -q --devices {second} data {second}'")
    has(ALONE, v1)
    status, text = seen(om)
    assert status == "undef"
    assert "there are 2 volume groups data (" in text
    failed = om("om svc1 start --local", code=1)
    assert "there are 2 volume groups data (" in failed.stdout + failed.stderr
    assert v1("vgs --noheadings -o vg_tags").stdout.split() == []


def test_a_group_in_use_stays_active_as_a_whole(v1, om):
    group_on(v1, *loops(v1))
    has(ALONE, v1)
    om("om svc1 start --local")
    v1("sh -ec 'mkdir -p /tmp/mnt; mount /dev/data/app /tmp/mnt'")
    failed = om("om svc1 stop --local", code=1)
    assert "/dev/data/app is mounted on /tmp/mnt; data stays active" in failed.stdout + failed.stderr
    assert (active(v1), tags(v1)) == (["app", "web"], ["v1"])
    v1("umount /tmp/mnt")
    holder = v1.begin("sh -c 'exec sleep 60 </dev/data/web'")
    v1.wait_for(lambda: "open" in v1("lvs --noheadings -o lv_device_open data/web").stdout)
    v1.wait_for(lambda: v1("pgrep -x sleep", code=None).code == 0)  # it has opened the volume as a shell
    failed = om("om svc1 stop --local", code=1)
    pid = v1("pgrep -x sleep").stdout.strip()
    assert f"disk#0: /dev/data/web is in use: sleep (pid {pid}) has it open; data stays active" in failed.stdout + failed.stderr
    assert (active(v1), tags(v1), holder.is_running) == (["app", "web"], ["v1"], True)


def test_success_of_an_activation_that_activates_nothing_is_not_believed(v1, om):
    group_on(v1, *loops(v1))
    has(ALONE, v1)
    v1.write("/etc/lvm/lvmlocal.conf", 'activation {\n volume_list = [ "other" ]\n}\n')
    failed = om("om svc1 start --local", code=1)
    said = failed.stdout + failed.stderr
    assert (
        "no volume of data is active after 'vgchange -a y': activation/volume_list = [other] of the host's lvm.conf leaves it out" in said
    )
    assert (active(v1), tags(v1)) == ([], [])


def test_mapped_partitions_go_before_their_volume(v1, om):
    group_on(v1, *loops(v1))
    has(ALONE, v1)
    om("om svc1 start --local")
    v1(f"sh -ec '{PARTITION.format('/dev/data/web')}; kpartx -as /dev/data/web'")
    assert "data-web1" in v1("ls /dev/mapper").stdout
    texts = [line.strip() for line in om("om svc1 stop --local").stdout.splitlines()]
    assert [text for text in texts if text.startswith(("kpartx", "vgchange"))] == [
        "kpartx -d /dev/data/web",
        "vgchange -a n data",
        "vgchange --deltag @v1 data",
    ]
    assert "data" not in v1("ls /dev/mapper").stdout


def test_partitions_that_the_service_names_are_mapped_at_start(v1, om):
    group_on(v1, *loops(v1), volumes=("app", "web2"))
    has(f"{ALONE}\n[fs#web]\ntype = ext4\ndev = /dev/mapper/data-web2p1\nmnt = /srv/web\n", v1)
    v1("vgchange -q -a y data")
    v1(f"sh -ec '{PARTITION.format('/dev/data/web2')}; kpartx -as /dev/data/web2; mkfs.ext4 -q /dev/mapper/data-web2p1'")
    v1("sh -ec 'udevadm settle; kpartx -d /dev/data/web2; vgchange -q -a n data'")
    expected = ["vgchange --addtag @v1 data", "vgchange -a y data", "kpartx -as /dev/data/web2"]
    planned = [line.partition(": ")[2] for line in om("om svc1 start --local --plan").stdout.splitlines()]
    assert planned[:3] == expected
    done = [line.strip() for line in om("om svc1 start --local").stdout.splitlines()]
    assert [text for text in done if text.startswith(("vgchange", "kpartx"))] == expected
    assert [text for text in planned if text not in done] == []
    assert "/dev/mapper/data-web2p1 /srv/web ext4" in v1.read("/proc/mounts")
    assert "vg data is already up" in om("om svc1 start --local").stdout
    om("om svc1 stop --local")
    assert "data" not in v1("ls /dev/mapper").stdout
    # one that is not in the table: what was done for it is undone
    has(v1.read("/etc/opensvc/svc1.conf").replace("web2p1", "web2p3"), v1)
    failed = om("om svc1 start --local", code=1)
    said = failed.stdout + failed.stderr
    assert "/dev/data/web2 has no partition /dev/mapper/data-web2p3: 'kpartx -l /dev/data/web2' shows those in its table" in said
    assert "kpartx -d /dev/data/web2" in said
    assert ("data" in v1("ls /dev/mapper").stdout, tags(v1)) == (False, [])


def test_a_group_and_its_volumes_are_made_of_nothing_and_taken_away(v1, om):
    first, second = loops(v1, 2)
    made = SERVICE.replace("name = data\n", f"name = data\npvs = {first} {second}\noptions = -s 1m\n")
    made = made.replace("name = app\n", "name = app\nsize = 10m\n").replace("name = web\n", "name = web\nsize = 50%FREE\n")
    has(made, v1)
    v1(f"mkfs.ext4 -q {second}")
    failed = om("om svc1 provision --local", code=1)
    assert f"disk#0.pvs: {second} holds ext4" in failed.stdout + failed.stderr
    assert v1("pvs --noheadings").stdout == ""
    v1(f"wipefs -qa {second}")
    planned = om("om svc1 provision --local --plan").stdout.splitlines()
    done = [line.strip() for line in om("om svc1 provision --local").stdout.splitlines()]
    assert [line.partition(": ")[2] for line in planned if line.startswith("disk")] == [
        f"pvcreate {first} {second}",
        f"vgcreate -s 1m data {first} {second}",
        "vgchange --addtag @v1 data",
        "lvcreate --yes -L 10m -n app data",
        "lv data/app is already up",
        "lvcreate --yes -l 50%FREE -n web data",
        "lv data/web is already up",
    ]
    assert [line.partition(": ")[2] for line in planned if line.partition(": ")[2] not in done] == []
    assert v1("lvs --noheadings --units m --nosuffix -o lv_size data/app").stdout.strip() == "10.00"
    assert v1.exists("/svc1/app/lost+found")
    failed = om("om svc1 unprovision --local --rid disk#0", code=1)
    assert "/dev/data/app is mounted on /svc1/app" in failed.stdout + failed.stderr
    om("om svc1 unprovision --local")
    assert v1("pvs --noheadings").stdout == ""
