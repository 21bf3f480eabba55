"""The guests of the lab share disks, lose their power, boot, and are as new for the next test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from lab.places import TOP
from vmlab import UserMode, missing

from opensvc_core.testing.waiting import wait_for

ROOM = Path(__file__).parent
OWNER = """
import time
from vmlab import VmLab
vms = VmLab()
def booting():
    print(vms.label, *(node.pid for node in vms._machines), flush=True)
    time.sleep(1000)
vms.wait_boots = booting
vms.__enter__()
vms.nodes
"""


def test_this_machine_has_what_the_guests_take():
    if os.geteuid() != 0:
        pytest.skip("not root: sudo make test")
    assert missing() == ""


def test_two_guests_have_a_kernel_of_their_own_and_know_each_other(vms):
    v1, v2 = vms.nodes
    assert v1("uname -nr").stdout.startswith("v1 6.1.")
    assert v2("hostname").stdout == "v2\n"
    assert v1("ping -c1 -W30 v2").code == 0
    assert v2("ssh v1 hostname").stdout == "v1\n"
    assert v1("ping -c1 -W30 10.98.1.2").code == 0


def test_a_command_has_input_environment_and_a_code(vms):
    v1, _ = vms.nodes
    assert v1("sh -c 'cat; echo $WORD $0 >&2; exit 3' 'two words'", code=3, stdin="text\n", WORD="given") == (
        3,
        "text\n",
        "given two words\n",
    )
    with pytest.raises(AssertionError, match=r"v1: sh -c .*code=4, stdout='out\\n'"):
        v1("sh -c 'echo out; exit 4'")
    with pytest.raises(AssertionError, match=r"did not end in 5 s: .*begun"):
        v1("sh -c 'echo begun; sleep 1234 & sleep 1234'", timeout=5)
    v1.wait_for(lambda: v1("pgrep -f 'sleep 1234'", code=None).code == 1)


def test_much_output_comes_whole(vms):
    assert len(vms["v1"]("head -c 300000 /dev/zero").stdout) == 300000


def test_the_agent_runs_with_its_modules_compiled(vms):
    v1, _ = vms.nodes
    v1.write("/etc/opensvc/svc1.conf", "[DEFAULT]\n[fs#1]\ntype = flag\n")
    assert "svc1" in v1("om svc1 print status").stdout
    assert f"matches {TOP}/opensvc_core/cli/main.py" in v1("python -v -c 'import opensvc_core.cli.main'").stderr


def test_nothing_of_the_host_can_be_changed(vms):
    v1, _ = vms.nodes
    v1("touch /etc/lab-was-here /root/lab-was-here /tmp/lab-was-here")
    assert "Read-only" in v1(f"touch {TOP}/lab-was-here", code=1).stderr
    assert v1("mount -o remount,rw /run/lab/lower", code=None).code == 0
    assert "Read-only" in v1("touch /run/lab/lower/root/etc/lab-was-here", code=1).stderr
    assert not any(Path(folder, "lab-was-here").exists() for folder in ("/etc", "/root", "/tmp", TOP))


def test_what_one_guest_writes_to_a_shared_disk_the_other_reads(vms):
    v1, v2 = vms.nodes
    disk = vms.disk("data", megabytes=64)
    assert v2(f"blockdev --getsize64 {disk}").stdout == f"{64 << 20}\n"
    v1(f"dd of={disk} oflag=direct bs=512 conv=sync", stdin="from v1")
    assert v2(f"dd if={disk} iflag=direct bs=512 count=1").stdout.rstrip("\0") == "from v1"


def test_a_volume_group_is_active_here_and_its_tags_are_seen_there(vms):
    v1, v2 = vms.nodes
    disk = vms.disk("data")
    v1(f"vgcreate -qy data1 {disk}")
    v1("vgchange -q --addtag local:v1 data1")
    v1("lvcreate -qy -L 32M -n lv1 data1")
    assert v1("lvs --noheadings -o lv_active data1/lv1").stdout.split() == ["active"]
    assert v1.exists("/dev/data1/lv1")
    assert v2("vgs --noheadings -o vg_tags data1").stdout.split() == ["local:v1"]
    assert not v2.exists("/dev/mapper/data1-lv1")


def test_nothing_of_a_test_is_there_in_the_next(vms):
    v1, v2 = vms.nodes
    disk, hosts, passwd = vms.disk("data"), v1.read("/etc/hosts"), v1.read("/etc/passwd")
    v1(f"vgcreate -qy data1 {disk}")
    v1("lvcreate -qy -L 32M -n lv1 data1")
    v1("mkfs.ext4 -q /dev/data1/lv1")
    v1("mount --mkdir /dev/data1/lv1 /srv/data")
    v1.begin("sh -c 'cd /srv/data && exec sleep 4711'")
    v1.write("/etc/hosts", "")
    v1.write("/etc/passwd", "")
    v1.write("/etc/new/file", "")
    v1.write("/tmp/file", "")
    v1("rm /etc/lvm/lvm.conf")
    v1.cut()
    v2.freeze()
    boots = [node.boots for node in vms.nodes]
    vms.clean()
    assert [node.boots for node in vms.nodes] == boots
    assert (v1.read("/etc/hosts"), v1.read("/etc/passwd")) == (hosts, passwd)
    assert [v1.exists(path) for path in ("/etc/new", "/etc/lvm/lvm.conf", "/srv/data", "/tmp/file", disk)] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert v1("vgs --noheadings").stdout == ""
    assert v1("dmsetup ls").stdout == "No devices found\n"
    assert v1("pgrep -f 'sleep 4711'", code=None).code == 1
    assert v1("ping -c1 -W30 v2").code == 0


def test_a_guest_that_cannot_be_cleaned_begins_anew(vms):
    v1, v2 = vms.nodes
    v1("ip link add dummy0 type dummy")
    v1.write("/etc/kept", "")
    before = v2.boots
    vms.clean()
    assert not v1.exists("/sys/class/net/dummy0")
    assert not v1.exists("/etc/kept")
    assert v2.boots == before


def test_a_power_cut_keeps_synced_files_loses_others_and_leaves_disks(vms):
    v1, v2 = vms.nodes
    disk = vms.disk("data", megabytes=16)
    begun = v1.begin("sleep 1000")
    v1("sh -c 'echo x >/root/synced; sync; echo x >/root/unsynced; echo x >/run/memory'")
    v1.power_off()
    assert (v1.is_up, repr(v1)) == (False, "<v1 off>")
    with pytest.raises(AssertionError, match="it was powered off"):
        begun.wait()
    with pytest.raises(AssertionError, match="v1 is off"):
        v1("true")
    assert v2("ping -c1 -W1 v1", code=None).code == 1
    v1.power_on()
    paths = ["/root/synced", "/root/unsynced", "/run/memory", disk]
    assert [v1.exists(path) for path in paths] == [True, False, False, True]


def test_a_frozen_guest_is_silent_and_goes_on(vms):
    v1, v2 = vms.nodes
    v2.freeze()
    assert v1("ping -c1 -W1 v2", code=None).code == 1
    with pytest.raises(AssertionError, match="no answer"):
        v2("true", timeout=0.2)
    v2.thaw()
    assert v1("ping -c1 -W30 v2").code == 0


def test_a_cut_guest_answers_commands_but_no_ping(vms):
    v1, v2 = vms.nodes
    v2.cut(ring=0)
    assert v1("ping -c1 -W1 v2", code=None).code == 1
    assert v1("ping -c1 -W30 10.98.1.2").code == 0
    assert v2("hostname").stdout == "v2\n"
    v2.heal()
    assert v1("ping -c1 -W30 v2").code == 0


def test_a_guest_sees_a_pulled_cable(vms):
    v2 = vms["v2"]
    v2.carrier(1, on=False)
    v2.wait_for(lambda: v2.read("/sys/class/net/eth1/carrier") == "0\n")
    assert v2.read("/sys/class/net/eth0/carrier") == "1\n"
    v2.carrier(1, on=True)
    v2.wait_for(lambda: v2.read("/sys/class/net/eth1/carrier") == "1\n")


def test_a_machine_that_is_a_process_has_a_kernel_of_its_own_and_changes_nothing_of_the_host(alone):
    release = alone("uname -r").stdout
    assert release != f"{os.uname().release}\n"
    assert alone("hostname").stdout == "v1\n"
    alone(f"touch /etc/lab-was-here /root/lab-was-here {TOP}/lab-was-here")
    alone("rm /etc/hostname")
    assert not any(Path(folder, "lab-was-here").exists() for folder in ("/etc", "/root", TOP))
    assert Path("/etc/hostname").exists()


def test_a_machine_that_is_a_process_leaves_none():
    if reason := missing():
        pytest.skip(reason)
    with UserMode() as machine:
        folder = machine.folder
        begun = machine.begin("sleep 1000")
        assert _processes(folder.name)
    with pytest.raises(AssertionError, match="it was powered off"):
        begun.wait()
    wait_for(lambda: not _processes(folder.name))
    assert not folder.exists()


def test_guests_end_with_a_killed_owner_and_the_next_lab_sweeps_the_rest(vms):
    """Also two labs at once: this one and the owner's."""
    with _owner() as owner:
        label, *pids = owner.stdout.readline().split()
        assert vms["v1"]("hostname").stdout == "v1\n"
        assert len(_processes(label)) >= 6  # for each of two guests a guard, a server of files, a machine
        owner.kill()
    wait_for(lambda: not any(Path("/proc", pid).exists() for pid in pids))
    wait_for(lambda: not _processes(label))
    folder = Path(tempfile.gettempdir(), label)
    sweep = "from lab import owner; owner.sweep()"
    subprocess.run([sys.executable, "-c", sweep], check=True, env={**os.environ, "PYTHONPATH": str(ROOM.parent / "system")})
    assert not folder.exists()


def test_a_lab_shows_the_host_no_mount_and_no_interface(vms):
    host = Path("/proc/self/mountinfo").read_text(encoding="utf-8") + Path("/proc/net/dev").read_text(encoding="utf-8")
    assert not any(word in host for word in (vms.label, "v1p0", "br0:"))


@contextmanager
def _owner():
    """A process with a lab of its own."""
    environ = {**os.environ, "PYTHONPATH": f"{ROOM}:{ROOM.parent / 'system'}"}
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            yield process
        finally:
            process.kill()


def _processes(label):
    """The processes that have a label in their command lines or work in its folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if label in str((path / "cwd").readlink()) or label.encode() in (path / "cmdline").read_bytes():
                found.append(path.name)
    return found
