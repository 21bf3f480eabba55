"""A service on a volume group starts and stops with its node, whatever ends the node: a guest with systemd and the units of the agent."""

import pytest

SERVICE = """\
[DEFAULT]
nodes = v1 v2
orchestrate = start

[disk#0]
type = vg
name = data

[disk#1]
type = lv
name = app
vg = {disk#0.name}

[fs#1]
type = ext4
dev = {disk#1.exposed_devs[0]}
mnt = /srv/web

[app#1]
type = simple
start = /root/app
"""
# while it runs, the file system can't be unmounted
APPLICATION = "#!/bin/sh\ncd /srv/web || exit 1\nexec sleep 100000\n"
PETTING = "#!/bin/sh\necho $$ >/run/petting\nexec 3>/dev/watchdog\nwhile echo >&3; do /run/lab/own/tools/usleep 200000; done\n"
UNITS = "opensvc-boot.service opensvc-services.service"
STARTED = ["vgchange --addtag @v1 data", "vgchange -a y data", "mount -t ext4 /dev/data/app /srv/web", "exec /root/app as user root"]
STOPPED = ["kill ", "umount /srv/web", "lvchange -a n data/app", "vgchange --deltag @v1 data"]
BOOT, HALT = 120, 60  # seconds


@pytest.fixture(scope="module")
def guests(module_vms):
    """Both guests: v1 was booted by systemd, and started the service; each test leaves it so."""
    v1, _ = module_vms.nodes
    device = module_vms.disk("data", megabytes=64)
    made = "lvcreate -q -y -L 16m -n app data; mkfs.ext4 -q /dev/data/app; vgchange -q -a n data"
    v1(f"sh -ec 'vgcreate -q --setautoactivation n data {device}; {made}'")
    v1.write("/etc/opensvc/web.conf", SERVICE)
    v1.write("/root/app", APPLICATION, 0o755)
    v1.write("/root/petting", PETTING, 0o755)
    v1("om node install units")
    v1(f"systemctl enable {UNITS}")
    v1("sh -ec 'ln -s /lib/systemd/system/multi-user.target /etc/systemd/system/default.target; sync'")
    v1.reboot()
    wait_started(v1)
    return module_vms.nodes


@pytest.fixture
def v1(guests):
    return guests[0]


@pytest.fixture
def v2(guests):
    return guests[1]


def wait_started(node):
    """Wait until systemd has nothing left to start."""
    node.wait_for(lambda: node.exists("/run/systemd/private"), BOOT)
    assert node("systemctl is-system-running --wait", code=None, timeout=BOOT).stdout == "running\n", node("systemctl --failed").stdout


def halt(node):
    """Have it stop everything and power itself off."""
    node.begin("systemctl poweroff")
    node.wait_for(lambda: not node.is_up, HALT)


def done(node, *texts):
    """Which of some texts the log of this boot has, in its order."""
    lines = node("journalctl --boot --no-pager --output cat --identifier opensvc").stdout.splitlines()
    return [text for line in lines for text in texts if line.strip().startswith(text)]


def tags(node):
    return node("vgs --noheadings -o vg_tags data").stdout.split()


def features(node):
    """The line that tells whether a journal has to be replayed, and the state, of a file system that nobody has mounted."""
    node("lvchange -a y data/app")
    told = node("dumpe2fs -h /dev/data/app").stdout
    node("lvchange -a n data/app")
    return "needs_recovery" in told, next(line.split()[-1] for line in told.splitlines() if line.startswith("Filesystem state"))


def is_up(node):
    return node("om web status", code=None).code == 0


def test_it_starts_with_the_node_in_order(v1):
    assert done(v1, *STARTED) == STARTED
    assert (tags(v1), is_up(v1)) == (["v1"], True)


def test_what_lvm_stops_at_a_halt_is_stopped_after_it(v1):
    """Else `blkdeactivate` unmounts and deactivates what the service still uses."""
    assert "blk-availability.service" in v1("systemctl show --property After opensvc-services.service").stdout


def test_a_halt_stops_it_in_order_and_leaves_the_group_to_others(v1, v2):
    v1("sh -c 'echo kept >/srv/web/halted'")
    halt(v1)
    assert (tags(v2), features(v2)) == ([], (False, "clean"))
    v1.power_on()
    wait_started(v1)
    assert (tags(v1), is_up(v1), v1.read("/srv/web/halted")) == (["v1"], True, "kept\n")
    log = v1("om web logs").stdout
    before = log[: log.rindex(STOPPED[-1]) + len(STOPPED[-1])]
    places = [before.rindex(text) for text in STOPPED]
    assert places == sorted(places), log


def test_after_a_power_cut_the_node_takes_its_own_tag_and_starts(v1, v2):
    v1("sh -c 'echo kept >/srv/web/cut; sync'")
    v1.power_off()
    assert (tags(v2), features(v2)[0]) == (["v1"], True)
    v1.power_on()
    wait_started(v1)
    assert done(v1, *STARTED) == STARTED[1:]
    assert (tags(v1), is_up(v1), v1.read("/srv/web/cut")) == (["v1"], True, "kept\n")


def test_a_watchdog_that_nobody_pets_resets_the_node_and_the_service_comes_back(v1):
    before = v1.boots
    v1("modprobe softdog soft_margin=2")
    v1.begin("/root/petting")
    v1.wait_for(lambda: v1.exists("/run/petting"))
    v1("sleep 4")
    assert (v1.boots, v1.exists("/srv/web/lost+found")) == (before, True)
    v1(f"kill -STOP {v1.read('/run/petting')}")
    v1.wait_boot(before)
    wait_started(v1)
    assert done(v1, *STARTED) == STARTED[1:]
    assert (tags(v1), is_up(v1)) == (["v1"], True)
