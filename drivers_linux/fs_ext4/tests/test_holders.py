"""Who holds a file system of fs.ext4, and what a stop does about it."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from opensvc_linux import unmounting
from opensvc_linux.testing import mounted, run, shows

from opensvc_core.api import Status
from opensvc_core.testing.apart import give_back

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
            shows(process.pid, "sleep")
            assert f"pid {process.pid} (sleep) runs {one.mnt}/sleep" in one.refuses("stop")
        finally:
            process.kill()


def test_force_ends_who_holds_it(one, holder):
    one.has(one.ground.made("ext4")).do("start")
    process = holder("", cwd=one.mnt)
    assert one.do("stop", is_forced=True) == [f"umount {one.mnt}", f"kill {process.pid}", f"umount {one.mnt}"]
    assert process.wait(50) == -signal.SIGTERM
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


def test_who_is_about_to_end_is_waited_for(one, monkeypatch):
    monkeypatch.setattr(unmounting, "_PATIENCE", 40.0)
    one.has(one.ground.made("ext4")).do("start")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.7)"], cwd=one.mnt):
        assert one.do("stop")[-1] == f"umount {one.mnt}"


def test_a_mount_that_lives_on_in_another_namespace_is_no_end(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    with subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{give_back(one.folder)}exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdin.write(b"ready\n")
        other.stdin.flush()
        assert other.stdout.readline() == b"ready\n"
        text = one.refuses("stop")
        assert f"in the mount namespace of pid {other.pid} (cat)" in text
        assert one.seen()[0] is Status.WARN
        assert f"mounted on {one.mnt} in the mount namespace of pid {other.pid}" in one.refuses("start")
        other.stdin.close()
    assert one.seen() == (Status.DOWN, [])
    one.do("start")
