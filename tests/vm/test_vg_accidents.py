"""What is said of a volume group that can't be had: no rights, no LVM, a configuration that hides or refuses it, a device that vanishes."""

import sys
from pathlib import Path

import pytest
from group import DRIVERS, SERVICE, active, group_on, has, seen, tags
from prompt import Prompt

CONFIGURATION = "/etc/lvm/lvmlocal.conf"
HIDING = 'devices {\n filter = [ "r|.*|" ]\n}\n'
NAMING = 'global {\n system_id_source = "lvmlocal"\n}\nlocal {\n system_id = "%s"\n}\n'
ORDINARY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
# LVM is in a folder of the system's own
WITHOUT = f"{Path(sys.executable).parent}:/usr/bin:/bin"
DISK = "modprobe -a sd_mod; modprobe scsi_debug dev_size_mb=64; udevadm settle; echo /dev/$(ls /sys/bus/scsi/devices/0:0:0:0/block)"
SCAN = 'for host in /sys/class/scsi_host/*; do echo "- - -" >$host/scan; done; udevadm settle'


@pytest.fixture(scope="module")
def grouped(machine):
    """The machine with the group, which each test leaves as it is here: not active."""
    group_on(machine, machine(f"sh -ec '{DISK}'").stdout.strip())
    has(SERVICE, machine)
    return machine


@pytest.fixture
def v1(grouped):
    """With the configuration of LVM that it was booted with."""
    kept = grouped.read(CONFIGURATION)
    yield grouped
    grouped.write(CONFIGURATION, kept)


@pytest.fixture(scope="module")
def om(machine):
    """A prompt on it."""
    return Prompt(machine, sys.executable, DRIVERS)


def errors(done):
    """The lines that say what went wrong."""
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("E ", "W ", "om: "))]


def test_an_ordinary_user_can_tell_nothing_and_change_nothing(v1):
    assert seen(lambda line: v1(f"{ORDINARY} {line}")) == ("undef", "error: LVM answers only to the superuser")
    for action in ("start", "stop"):
        done = v1(f"{ORDINARY} om svc1 {action} --local", code=5)
        text = "cannot lock /var/lib/opensvc/svc/svc1/lock.generic: Permission denied; do it as root, or by sudo"
        assert errors(done) == [f"om: svc1: {text}"]
        assert len((done.stdout + done.stderr).splitlines()) == 1
    assert (active(v1), tags(v1)) == ([], [])


def test_where_lvm_is_not_installed_nothing_is_known_and_nothing_begun(v1):
    text = "LVM is missing (apt-get install lvm2, dnf install lvm2)"
    assert seen(lambda line: v1(line, PATH=WITHOUT)) == ("undef", f"error: {text}")
    assert errors(v1("om svc1 start --local", PATH=WITHOUT, code=1)) == [f"E disk#0: {text}"]
    assert (active(v1), tags(v1)) == ([], [])


def test_a_group_that_a_filter_hides_is_not_there_and_the_filter_is_named(v1, om):
    v1.write(CONFIGURATION, HIDING)
    hint = "LVM looks only at the devices that its configuration lets pass: filter = [r|.*|]"
    text = f"no volume group data is to be seen on this host; {hint}"
    assert seen(om) == ("down", f"info: {text}")
    assert errors(om("om svc1 start --local", code=1)) == [f"E disk#0: {text}"]


def test_a_system_id_keeps_the_other_nodes_away_and_says_so(v1, om):
    v1.write(CONFIGURATION, NAMING % "v1")
    v1("vgchange -q -y --systemid v1 data")
    om("om svc1 start --local")
    way_out = "whatever its tags say (vgchange --systemid '' data)"
    assert seen(om) == ("up", f"warn: data has the system ID v1: no other node can activate it, {way_out}")
    om("om svc1 stop --local")
    v1.write(CONFIGURATION, NAMING % "v2")
    text = f"data has the system ID v1: this node can't activate it, {way_out}"
    assert seen(om) == ("down", f"warn: {text}")
    assert errors(om("om svc1 start --local", code=1)) == [f"E disk#0: {text}"]
    v1.write(CONFIGURATION, NAMING % "v1")
    assert (active(v1), tags(v1)) == ([], [])
    v1("vgchange -q -y --systemid '' data")


def test_a_device_that_vanishes_under_an_active_group_is_told_until_it_is_back(v1, om):
    om("om svc1 start --local")
    v1("sh -c 'echo kept >/svc1/app/file; sync; echo 1 >/sys/bus/scsi/devices/0:0:0:0/delete'")
    names = "/dev/mapper/data-app", "/dev/mapper/data-web"
    gone = f"the devices of data are gone, while {', '.join(names)} are active"
    way_out = f"bring them back, or give it up: dmsetup remove {' '.join(names)}"
    assert seen(om) == ("warn", f"warn: {gone}; {way_out}")
    assert seen(om, "disk#1")[0] == "warn"
    assert errors(om("om svc1 start --local", code=1)) == [f"E disk#0: {gone}; {way_out}"]
    assert "/svc1/app" in v1.read("/proc/mounts")
    text = "the devices of data are gone, while /dev/data/web is active; bring them back"
    assert errors(om("om svc1 stop --local", code=1)) == [f"E disk#2: {text}"]
    assert v1("dmsetup ls").stdout.count("data-") == len(names)
    v1(f"sh -c '{SCAN}'")
    assert tags(v1) == ["v1"]
    stale = "/dev/data/{} is active on sda, gone since: whatever reads or writes it fails; stop it and start it anew"
    assert seen(om) == ("warn", f"warn: {stale.format('app')} warn: {stale.format('web')}")
    assert seen(om, "disk#2") == ("warn", f"warn: {stale.format('web')}")
    om("om svc1 stop --local")
    assert (active(v1), tags(v1)) == ([], [])
    om("om svc1 start --local")
    assert (seen(om), v1.read("/svc1/app/file")) == (("up", ""), "kept\n")
