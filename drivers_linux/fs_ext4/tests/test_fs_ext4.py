"""The drivers fs.ext4, fs.ext3 and fs.ext2."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import pytest
from opensvc_linux.testing import mounted, run

from opensvc_core.api import ActionFailed, ActionRefused, Status
from opensvc_core.instance.performer import Request
from opensvc_core.testing.conformance import Case, Conformance

# mmap keeps a descriptor of its own
MAPPED = """
import mmap, os
file = open("MNT/map", "wb+")
file.truncate(9)
area = mmap.mmap(file.fileno(), 9)
for fd in os.listdir("/proc/self/fd"):
    if os.path.realpath(f"/proc/self/fd/{fd}") == "MNT/map":
        os.close(int(fd))
"""
NOT_FOR_DISKS = MappingProxyType({"test_time_limit_is_kept": "a check may take hours, and is not given up"})


class _OnLoop(Conformance):
    does_not_apply = NOT_FOR_DISKS
    kind = "ext4"

    @pytest.fixture(autouse=True)
    def _ground(self, ground):
        self.ground = ground

    def case(self, folder):
        device, point = self.ground.made(self.kind, folder.name), folder / "made" / "data"
        point.parent.mkdir()
        return Case(
            f"[fs#1]\ntype = {self.kind}\ndev = {device}\nmnt = {point}\n",
            rid="fs#1",
            footprint=lambda: (mounted(folder), point.exists()),
            remove=lambda _service: run("umount", str(point)),
        )


class TestExt4(_OnLoop):
    kind = "ext4"


class TestExt3(_OnLoop):
    kind = "ext3"


class One:
    """A service with one file system."""

    def __init__(self, node, ground, folder):
        self.node, self.ground, self.folder, self.service = node, ground, folder, None
        self.mnt = folder / "mnt"

    def has(self, dev, **values):
        lines = {"type": "ext4", "dev": dev, "mnt": self.mnt, **values}
        self.service = self.node.create(
            "web", "[fs#1]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()), overwrites=True
        )
        return self

    def do(self, action, **request):
        noted = self.service.perform(Request(action, **request), lambda _event: None)
        return [operation.text for operation in noted if operation.is_change]

    def refuses(self, action, **request):
        with pytest.raises((ActionFailed, ActionRefused)) as caught:
            self.do(action, **request)
        return " ".join([str(caught.value), *getattr(caught.value, "seen", ())])

    def seen(self):
        found = self.service.status().local.resources[0]
        return found.status, [message.text for message in found.messages]

    @property
    def resource(self):
        return self.service.instance().part("fs#1").resource


@pytest.fixture
def one(ground, node_below, tmp_path):
    return One(node_below, ground, tmp_path)


@pytest.fixture
def holder(one):
    """A process that keeps a mounted file system busy; `holder(argv, cwd)` begins one."""
    begun = []

    def begin(code, *, cwd="/"):
        process = subprocess.Popen(
            [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\nimport time; time.sleep(60)"], cwd=cwd, stdout=subprocess.PIPE
        )
        begun.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


# -- what is done


def test_start_says_what_the_older_agents_said(one):
    device = one.ground.made("ext4")
    one.has(device)
    assert one.do("start") == [f"create missing mountpoint {one.mnt}", f"e2fsck -p {device}", f"mount -t ext4 {device} {one.mnt}"]
    assert one.seen() == (Status.UP, [])
    assert one.do("stop") == [f"umount {one.mnt}"]
    assert one.do("start")[0] == f"e2fsck -p {device}"


def test_a_plan_of_a_forced_stop_names_who_would_be_ended(one, holder):
    one.has(one.ground.made("ext4")).do("start")
    process = holder("", cwd=one.mnt)
    told = [(noted.text, noted.condition) for noted in one.service.plan("stop", is_forced=True).operations]
    assert told[0] == (f"umount {one.mnt}", "")
    assert told[1][0] == f"kill {process.pid}" and f"pid {process.pid}" in told[1][1]
    assert process.poll() is None
    assert [noted.text for noted in one.service.plan("stop").operations] == [f"umount {one.mnt}"]
    one.do("stop", is_forced=True)
    assert process.wait(10) < 0


def test_what_may_be_ours_while_the_device_is_not_there_is_neither_down_nor_stopped(one):
    """Such as on a disk that was renamed while it was up: a stop that said down would let another node mount the same."""
    device, dev = one.ground.made("ext4"), "/dev/disk/gone"
    one.has(device).do("start")
    text = f"ext4 {device} on {one.mnt} may be of this service: {dev} is not there to tell"
    assert one.has(dev).seen() == (Status.WARN, [text])
    assert text in one.refuses("stop")
    assert one.has(device).do("stop") == [f"umount {one.mnt}"]


def test_another_file_system_in_its_place_is_down_while_the_device_is_there(one):
    first, second = one.ground.made("ext4", "first"), one.ground.made("ext4", "second")
    one.has(first).do("start")
    assert one.has(second).seen()[0] is Status.DOWN
    assert one.do("stop") == []
    one.has(first).do("stop")


def test_a_device_named_from_the_current_directory_is_refused(one, monkeypatch):
    device = one.ground.made("ext4")
    monkeypatch.chdir("/dev")
    assert "does not begin with '/'; a device is a path from the root" in one.has(device.removeprefix("/dev/")).refuses("start")
    assert not mounted(one.folder)


def test_a_plan_tells_of_a_device_that_is_not_there(one):
    one.has(f"{one.folder}/later")
    told = {noted.text.split()[0]: noted.condition for noted in one.service.plan("start").operations}
    assert told == {"create": "", "e2fsck": f"{one.folder}/later is there then", "mount": f"{one.folder}/later is there then"}
    one.has(device := one.ground.made("ext4"))
    assert {noted.condition for noted in one.service.plan("start").operations} == {""}, device


def test_labels_are_those_of_the_tutorials(one):
    resource = one.has("/dev/vg1/data", mnt="/srv/data/").resource
    assert (resource.classic_label(), resource.label()) == ("/dev/vg1/data@/srv/data", "ext4 /dev/vg1/data@/srv/data")


def test_options_are_given_only_where_there_are_some(one):
    device = one.ground.made("ext4")
    assert one.has(device, mnt_opt="noatime, nodev").do("start")[-1] == f"mount -t ext4 -o noatime,nodev {device} {one.mnt}"
    (mount,) = mounted(one.folder)
    assert {"noatime", "nodev"} <= set(mount)


@pytest.mark.parametrize("word", ["mnt_opts", "mnt_option", "mnt_options"])
def test_older_words_for_options_are_read(one, word):
    assert one.has("/dev/x", **{word: "ro"}).resource.options == ["ro"]


def test_owner_and_mode_are_given_to_the_mounted_directory(one):
    one.has(one.ground.made("ext4"), user="nobody", perm="2750").do("start")
    assert one.seen() == (Status.UP, [])
    one.mnt.chmod(0o700)
    assert one.seen() == (Status.UP, ["perm is 700, and should be 2750"])
    assert one.do("start") == [f"chown nobody {one.mnt}", f"chmod 2750 {one.mnt}"]
    assert one.seen() == (Status.UP, [])


def test_an_owner_that_the_host_does_not_know_is_told_before_anything_is_done(one):
    one.has(one.ground.made("ext4"), user="nosuchuser")
    assert "this host does not know that name" in one.refuses("start")
    assert mounted(one.folder) == []


@pytest.mark.parametrize("mnt", ["with blank", "tab\there", "back\\slash", "käse ☃", "hash#mark"])
def test_mount_points_with_odd_names_are_found_again(one, mnt):
    resource = one.has(one.ground.made("ext4")).resource
    point = one.folder / mnt
    point.mkdir()
    resource.values = {**resource.values, "mnt": str(point)}
    one.ground.mount(resource.dev, str(point))
    assert resource.seen() is Status.UP


def test_a_mount_point_that_is_a_link_is_the_directory_that_it_leads_to(one):
    (one.folder / "real").mkdir()
    (one.folder / "mnt").symlink_to("real")
    one.has(one.ground.made("ext4")).do("start")
    assert mounted(one.folder)[0][2] == str(one.folder / "real")
    assert one.seen() == (Status.UP, [])
    assert one.do("stop") == [f"umount {one.mnt}"]


@pytest.mark.parametrize("name", ["LABEL", "UUID"])
def test_a_device_is_found_by_label_and_identity(one, name):
    device = one.ground.made("ext4", options=["-L", f"t{os.getpid()}"])
    value = run("blkid", "-p", "-o", "value", "-s", name, device).strip()
    one.has(f"{name}={value}")
    assert one.do("start")[-1] == f"mount -t ext4 {device} {one.mnt}"
    assert one.seen() == (Status.UP, [])
    assert list(one.resource.sub_devices()) == [device]
    one.do("stop")


def test_a_label_that_two_devices_have_is_refused(one):
    label = f"d{os.getpid()}"
    devices = [one.ground.made("ext4", name, options=["-L", label]) for name in "ab"]
    text = one.has(f"LABEL={label}").refuses("start")
    assert all(device in text for device in devices) and "name the device by its path" in text


def test_a_label_that_nobody_has_is_down_and_told(one):
    one.has("LABEL=no-such-label")
    assert one.seen()[0] is Status.DOWN
    assert "no device has LABEL=no-such-label" in one.refuses("start")


def test_another_name_of_the_device_is_the_same_device(one):
    device = one.ground.made("ext4")
    link = one.folder / "link"
    link.symlink_to(device)
    one.has(link).do("start")
    assert one.do("start") == []
    one.has(device)
    assert one.seen() == (Status.UP, [])
    one.has(link).do("stop")


# -- what is refused


def test_a_missing_device_is_down_and_its_start_fails(one):
    one.has("/dev/no-such-device")
    assert one.seen() == (Status.DOWN, [])
    assert one.refuses("start") == "fs#1.dev: /dev/no-such-device: No such file or directory; is the disk below started?"
    assert not one.mnt.exists()


def test_a_file_is_no_device(one):
    assert "a resource of type disk.loop makes a device of it" in one.has(one.ground.image()).refuses("start")


def test_a_relative_mount_point_is_refused(one):
    with pytest.raises(Exception, match="does not begin with '/'"):
        one.has("/dev/x", mnt="srv/data")


def test_a_file_as_mount_point_is_refused(one):
    (one.folder / "mnt").touch()
    assert "is no directory" in one.has(one.ground.made("ext4")).refuses("start")


def test_a_device_that_is_mounted_elsewhere_is_refused(one):
    device = one.ground.made("ext4")
    (one.folder / "other").mkdir()
    one.ground.mount(device, str(one.folder / "other"))
    one.has(device)
    assert f"{device} is mounted on {one.folder}/other already" in one.refuses("start")
    assert one.seen() == (Status.WARN, [f"{device} is mounted on {one.folder}/other"])


def test_another_loop_device_over_the_same_file_is_the_same_device(one):
    device, other = one.ground.made("ext4"), one.ground.disk()
    (one.folder / "other").mkdir()
    one.ground.mount(other, str(one.folder / "other"))
    text = one.has(device).refuses("start")
    assert f"mounted on {one.folder}/other (as {other}, which stands on the same file)" in text
    assert len(mounted(one.folder)) == 1


def test_loop_devices_over_other_parts_of_the_file_are_others(one):
    run("mkfs.ext4", "-q", one.ground.disk("both", 64, options=["--sizelimit", str(32 << 20)]))
    first = one.ground.disk("both", options=["--sizelimit", str(32 << 20)])
    second = one.ground.disk("both", options=["--offset", str(32 << 20)])
    run("mkfs.ext4", "-q", second)
    (one.folder / "other").mkdir()
    one.ground.mount(second, str(one.folder / "other"))
    assert one.has(first).do("start")[-1].startswith("mount")


def test_another_mount_at_the_mount_point_is_left_alone(one):
    one.mnt.mkdir()
    one.ground.mount("-t", "tmpfs", "foreign", str(one.mnt))
    one.has(one.ground.made("ext4"))
    assert one.seen() == (Status.DOWN, [f"another file system has its place: tmpfs foreign on {one.mnt}"])
    assert f"tmpfs foreign on {one.mnt} has its place" in one.refuses("start")
    assert one.do("stop") == []
    assert mounted(one.folder)[0][:2] == ("tmpfs", "foreign")


def test_a_mount_over_ours_is_told_and_never_unmounted(one):
    one.has(one.ground.made("ext4")).do("start")
    one.ground.mount("-t", "tmpfs", "foreign", str(one.mnt))
    assert one.seen() == (Status.WARN, [f"it is hidden: tmpfs foreign on {one.mnt} was mounted over it"])
    assert "was mounted over it; unmount that first" in one.refuses("stop", is_forced=True)
    assert len(mounted(one.folder)) == 2


def test_a_start_hides_no_mount_below_its_mount_point(one):
    below = one.folder / "mnt" / "below"
    below.mkdir(parents=True)
    one.ground.mount("-t", "tmpfs", "foreign", str(below))
    assert "would be hidden below" in one.has(one.ground.made("ext4")).refuses("start")


def test_another_file_system_is_named(one):
    device = one.ground.made("xfs", "big", 320)
    text = one.has(device).refuses("start")
    assert "holds no ext2, ext3 or ext4 file system" in text


def test_a_write_protected_device_is_mounted_only_read_only(one):
    one.ground.made("ext4")
    device = one.ground.disk(options=["--read-only"])
    assert "takes no writes" in one.has(device).refuses("start")
    assert one.has(device, mnt_opt="ro").do("start")[-1] == f"mount -t ext4 -o ro {device} {one.mnt}"
    assert one.seen() == (Status.UP, [])


def test_a_protected_device_is_promoted_where_the_file_says_so(one):
    device = one.ground.made("ext4")
    run("blockdev", "--setro", device)
    assert f"blockdev --setrw {device}" in one.has(device, promote_rw="true").do("start")
    assert one.seen() == (Status.UP, [])


def test_multi_mount_protection_is_explained(one):
    device = one.ground.made("ext4", options=["-O", "mmp,^metadata_csum", "-b", "1024"])
    block = re.search(r"MMP block number: *(\d+)", run("dumpe2fs", "-h", device))[1]
    with Path(device).open("r+b") as file:
        file.seek(int(block) * 1024 + 4)
        file.write((0xE24D4D50).to_bytes(4, "little"))  # a check is running on another host
    text = one.has(device).refuses("start")
    assert f"multi-mount protection of {device}" in text and "e2fsck being run" in text and "clear_mmp" in text
    assert mounted(one.folder) == []


# -- what is seen


def test_a_file_system_that_went_read_only_is_a_warning(one):
    one.has(one.ground.made("ext4")).do("start")
    run("mount", "-o", "remount,ro", str(one.mnt))
    assert one.seen() == (Status.UP, ["fs is not writable"])
    assert one.do("start") == []


def test_a_full_file_system_starts_and_is_up(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    with pytest.raises(OSError, match="No space left"), (one.mnt / "fill").open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    one.do("stop")
    one.do("start")
    assert one.seen() == (Status.UP, [])


def test_a_read_check_tells_of_a_device_that_can_not_be_read(one):
    one.has(one.ground.made("ext4"), check_read="true").do("start")
    assert one.seen() == (Status.UP, [])


def test_what_is_provisioned_is_seen_on_the_device(one):
    empty, made = one.ground.disk("empty"), one.ground.made("ext4")
    assert one.has(made).resource.is_provisioned() is True
    assert one.has(empty).resource.is_provisioned() is False
    assert one.has("/dev/no-such-device").resource.is_provisioned() is None


def test_the_mount_point_that_holds_something_is_told(one):
    one.mnt.mkdir()
    (one.mnt / "file").touch()
    lines = []
    one.has(one.ground.made("ext4")).service.perform(Request("start"), lambda event: lines.append(event.text))
    assert any("is not empty: what is in it is hidden" in line for line in lines)


# -- who holds it


@pytest.mark.parametrize(
    ("code", "cwd", "how"),
    [
        ("", "MNT", "works in MNT"),
        ("file = open('MNT/file', 'w')", "/", "has MNT/file open"),
        (MAPPED, "/", "has MNT/map mapped"),
    ],
    ids=["cwd", "open", "mapped"],
)
def test_who_holds_it_is_named_and_nobody_is_ended(one, holder, code, cwd, how):
    one.has(one.ground.made("ext4")).do("start")
    process = holder(code.replace("MNT", str(one.mnt)), cwd=cwd.replace("MNT", str(one.mnt)))
    text = one.refuses("stop")
    assert f"pid {process.pid} (" in text and how.replace("MNT", str(one.mnt)) in text and "--force ends the processes" in text
    assert process.poll() is None
    assert one.seen() == (Status.UP, [])


def test_a_program_that_runs_from_it_is_named(one):
    one.has(one.ground.made("ext4")).do("start")
    program = shutil.copy("/bin/sleep", one.mnt)
    with subprocess.Popen([program, "60"]) as process:
        try:
            assert f"pid {process.pid} (sleep) runs {one.mnt}/sleep" in one.refuses("stop")
        finally:
            process.kill()


def test_force_ends_who_holds_it(one, holder):
    one.has(one.ground.made("ext4")).do("start")
    process = holder("", cwd=one.mnt)
    assert one.do("stop", is_forced=True) == [f"umount {one.mnt}", f"kill {process.pid}", f"umount {one.mnt}"]
    assert process.wait(5) == -signal.SIGTERM
    assert mounted(one.folder) == []


def test_force_spares_the_agent_and_those_it_was_called_by(one, monkeypatch):
    one.has(one.ground.made("ext4")).do("start")
    monkeypatch.chdir(one.mnt)
    text = one.refuses("stop", is_forced=True)
    assert f"pid {os.getpid()} (" in text and "leave the directory first" in text
    monkeypatch.undo()


def test_what_is_mounted_below_is_named_and_left_alone(one):
    one.has(one.ground.made("ext4")).do("start")
    (one.mnt / "below").mkdir()
    one.ground.mount("-t", "tmpfs", "foreign", f"{one.mnt}/below")
    assert f"foreign is mounted on {one.mnt}/below" in one.refuses("stop", is_forced=True)
    assert len(mounted(one.folder)) == 2


def test_a_loop_device_over_a_file_in_it_is_named(one):
    one.has(one.ground.made("ext4")).do("start")
    inner = one.mnt / "inner.img"
    with inner.open("wb") as file:
        file.truncate(1 << 20)
    loop = run("losetup", "--find", "--show", str(inner)).strip()
    try:
        assert f"{loop} stands on {inner}" in one.refuses("stop")
    finally:
        run("losetup", "-d", loop)


def test_who_is_about_to_end_is_waited_for(one):
    one.has(one.ground.made("ext4")).do("start")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.7)"], cwd=one.mnt):
        assert one.do("stop")[-1] == f"umount {one.mnt}"


def test_a_mount_that_lives_on_in_another_namespace_is_no_end(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    with subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"ready\n"
        text = one.refuses("stop")
        assert f"in the mount namespace of pid {other.pid} (cat)" in text
        assert one.seen()[0] is Status.WARN
        assert f"mounted on {one.mnt} in the mount namespace of pid {other.pid}" in one.refuses("start")
        other.stdin.close()
    assert one.seen() == (Status.DOWN, [])
    one.do("start")


# -- provisioning


def test_provision_makes_it_from_nothing(one):
    device = one.ground.disk()
    assert one.has(device, mkfs_opt="-L data").do("provision") == [
        f"mkfs.ext4 -q -L data {device}",
        f"create missing mountpoint {one.mnt}",
        f"e2fsck -p {device}",
        f"mount -t ext4 {device} {one.mnt}",
    ]
    assert run("blkid", "-p", "-o", "value", "-s", "LABEL", device) == "data\n"
    assert one.do("provision") == []


@pytest.mark.parametrize("kind", ["swap", "dos"])
def test_provision_refuses_a_device_that_holds_anything(one, kind):
    device = one.ground.disk()
    if kind == "swap":
        run("mkswap", device)
    else:
        with Path(device).open("r+b") as file:
            file.seek(446)
            file.write(
                bytes([0, 0, 0, 0, 0x83, 0, 0, 0]) + (2048).to_bytes(4, "little") + (4096).to_bytes(4, "little") + bytes(48) + b"\x55\xaa"
            )
    before = one.ground.image().read_bytes()
    assert f"{device} holds {kind}" in one.has(device).refuses("provision")
    assert one.ground.image().read_bytes() == before


def test_unprovision_wipes_our_signature_and_no_other(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    assert one.do("unprovision") == [f"umount {one.mnt}", f"wipefs --all --types ext4 {device}", f"rmdir {one.mnt}"]
    run("mkswap", device)
    assert one.do("unprovision") == []
    assert run("blkid", "-p", "-o", "value", "-s", "TYPE", device) == "swap\n"


def test_unprovision_wipes_nothing_that_is_mounted_elsewhere(one):
    device = one.ground.made("ext4")
    (one.folder / "other").mkdir()
    one.ground.mount(device, str(one.folder / "other"))
    assert "still in use" in one.has(device).refuses("unprovision")
    assert run("blkid", "-p", "-o", "value", "-s", "TYPE", device) == "ext4\n"


# -- order


def test_nested_mounts_start_from_above_and_stop_from_below(one):
    outer, inner = one.ground.made("ext4", "outer"), one.ground.made("ext4", "inner")
    text = f"[fs#1]\ntype = ext4\ndev = {inner}\nmnt = {one.mnt}/in\n[fs#2]\ntype = ext4\ndev = {outer}\nmnt = {one.mnt}\n"
    one.service = one.node.create("web", text)
    planned = one.service.plan("start").operations
    done = one.service.perform(Request("start"), lambda _event: None)
    assert planned == done
    assert [operation.text for operation in done if operation.text.startswith("mount")] == [
        f"mount -t ext4 {outer} {one.mnt}",
        f"mount -t ext4 {inner} {one.mnt}/in",
    ]
    assert one.do("stop") == [f"umount {one.mnt}/in", f"umount {one.mnt}"]


# -- accidents


def test_a_dirty_journal_is_brought_back_and_no_synced_line_is_lost(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    with (one.mnt / "log").open("w") as file:
        for number in range(200):
            file.write(f"line {number}\n")
            file.flush()
            os.fsync(file.fileno())
        power_off(one.mnt)
    assert one.seen()[0] is Status.UP and "fs is not writable" in one.seen()[1]
    one.do("stop")
    assert "needs_recovery" in run("dumpe2fs", "-h", device)
    lines = []
    one.service.perform(Request("start"), lambda event: lines.append(event.text))
    assert any("recovering journal" in line for line in lines)
    assert (one.mnt / "log").read_text().splitlines() == [f"line {number}" for number in range(200)]


def test_errors_that_need_a_decision_stop_the_start(one):
    device = one.ground.made("ext4")
    run("debugfs", "-w", "-R", "clri <2>", device)  # the root directory is gone
    run("tune2fs", "-E", "force_fsck", device)
    text = one.has(device).refuses("start")
    assert f"{device} has errors that need a decision" in text and f"e2fsck {device}" in text
    assert mounted(one.folder) == []


def power_off(point):
    """What a power cut leaves: EXT4_IOC_SHUTDOWN without flushing the journal."""
    import fcntl
    import struct

    descriptor = os.open(point, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, 0x8004587D, struct.pack("I", 2))
    finally:
        os.close(descriptor)


def test_a_file_system_that_a_host_died_with_is_not_wiped(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    power_off(one.mnt)
    run("umount", str(one.mnt))
    assert "or was left by one that died" in one.refuses("unprovision")
    one.do("start")
    assert f"wipefs --all --types ext4 {device}" in one.do("unprovision")


def test_a_label_that_two_devices_have_is_not_wiped(one):
    label = f"w{os.getpid()}"
    for name in "ab":
        one.ground.made("ext4", name, options=["-L", label])
    assert "name the device by its path" in one.has(f"LABEL={label}").refuses("unprovision")
