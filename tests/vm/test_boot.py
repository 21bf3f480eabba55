"""A service on a volume group starts and stops with its node, whatever ends the node: a machine with systemd and the units of the agent."""

import pytest
from group import tags
from vmlab import Hardware, UserMode, drives, missing, shared_device, systemd

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
# the first name is that of the kernel's own watchdog, which is of another kind
PETTING = "#!/bin/sh\necho $$ >/run/petting\nexec 3>/dev/watchdog1\nwhile echo >&3; do sleep 0.2; done\n"
UNITS = "opensvc-boot.service opensvc-services.service"
STARTED = ["vgchange --addtag @v1 data", "vgchange -a y data", "mount -t ext4 /dev/data/app /srv/web", "exec /root/app as user root"]
STOPPED = ["kill ", "umount /srv/web", "lvchange -a n data/app", "vgchange --deltag @v1 data"]
# what e2fsck says of a file system that was not unmounted
JOURNAL = "recovering journal"
BOOT, HALT = 120, 60  # seconds


@pytest.fixture(scope="module")
def v2(tmp_path_factory):
    """The other node, which looks at the disk that both have."""
    if reason := missing():
        pytest.skip(reason)
    file = tmp_path_factory.mktemp("shared") / "disk"
    with file.open("xb") as disk:
        disk.truncate(64 << 20)
    with UserMode("v2", Hardware(drives(None, [file]))) as machine:
        machine.shared = file
        yield machine


@pytest.fixture(scope="module")
def v1(v2, tmp_path_factory):
    """A machine that was booted by systemd, and started the service; each test leaves it so."""
    with UserMode("v1", Hardware(drives(tmp_path_factory.mktemp("v1") / "root", [v2.shared]))) as v1:
        made = "lvcreate -q -y -L 16m -n app data; mkfs.ext4 -q /dev/data/app; vgchange -q -a n data"
        v1(f"sh -ec 'vgcreate -q --setautoactivation n data {shared_device()}; {made}'")
        systemd.install(v1)
        v1.write("/etc/opensvc/web.conf", SERVICE)
        v1.write("/root/app", APPLICATION, 0o755)
        v1.write("/root/petting", PETTING, 0o755)
        v1("om node install units")
        v1(f"systemctl enable {UNITS}")
        v1("sync")
        v1.power_on()
        wait_started(v1)
        yield v1


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


def features(node):
    """The line that tells whether a journal has to be replayed, and the state, of a file system that nobody has mounted."""
    node("lvchange -a y data/app")
    told = node("dumpe2fs -h /dev/data/app").stdout
    node("lvchange -a n data/app")
    return "needs_recovery" in told, next(line.split()[-1] for line in told.splitlines() if line.startswith("Filesystem state"))


def assert_stopped_and_started(log):
    """The last of a service's log: a stop in order, then a start."""
    assert STOPPED[-1] in log, log
    end = log.rindex(STOPPED[-1]) + len(STOPPED[-1])
    places = [log[:end].rindex(text) for text in STOPPED] + [log.find(text, end) for text in STARTED]
    assert places == sorted(places), log


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
    assert_stopped_and_started(v1("om web logs").stdout)


def test_a_reboot_stops_it_in_order_and_starts_it_after(v1):
    v1("sh -c 'echo kept >/srv/web/rebooted'")
    before, length = v1.boots, len(v1("om web logs").stdout)
    v1.begin("systemctl reboot")
    v1.wait_boot(before)
    wait_started(v1)
    log = v1("om web logs").stdout[length:]
    assert_stopped_and_started(log)
    assert JOURNAL not in log
    assert done(v1, *STARTED) == STARTED
    assert (tags(v1), is_up(v1), v1.read("/srv/web/rebooted")) == (["v1"], True, "kept\n")


def test_a_watchdog_that_nobody_pets_resets_the_node_which_takes_its_own_tag_and_starts(v1):
    """What it leaves is what a power cut does: a tag, a journal, and what was synced."""
    before, length = v1.boots, len(v1("om web logs").stdout)
    # from a thread: this kernel does not survive that from an interrupt
    v1("modprobe softdog soft_margin=10 soft_reboot_cmd=now")
    v1.begin("/root/petting")
    v1.wait_for(lambda: v1.exists("/run/petting"))
    v1("sh -c 'echo kept >/srv/web/synced; sync; sleep 13'")
    assert (v1.boots, v1.exists("/srv/web/synced")) == (before, True)
    v1(f"kill -STOP {v1.read('/run/petting')}")
    v1.wait_boot(before)
    wait_started(v1)
    assert done(v1, *STARTED) == STARTED[1:]
    assert JOURNAL in v1("om web logs").stdout[length:]
    assert (tags(v1), is_up(v1), v1.read("/srv/web/synced")) == (["v1"], True, "kept\n")
