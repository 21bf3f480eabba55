"""Nothing of a lab stays, however its owner ends."""

from __future__ import annotations

import gc
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from lab import Lab, disk, owner, site
from lab.groups import Hierarchy, hierarchies

from opensvc_core.testing.waiting import wait_for

TEMPORARY = Path(tempfile.gettempdir())
ROOM = Path(__file__).parent
OWNER = """
import time
from lab import Lab
with Lab() as lab:
    lab.disk("data")
    n1, n2 = lab.nodes
    n1("mkfs.ext4 -q /run/shared/data")
    n1("mount /run/shared/data /mnt")
    n2.delay(20)
    n2.freeze()
    print(lab.label, n1.pid, n2.pid, flush=True)
    time.sleep(100)
"""


def test_a_lab_leaves_nothing():
    gc.collect()  # what earlier tests left open
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Lab() as lab:
        lab.disk("data")
        lab["n1"].begin("sleep 1000")
        lab["n2"].delay(10)
        lab["n2"].freeze()
        label = lab.label
        assert _left(label)
    wait_for(lambda: not _left(label))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_loop_device_that_a_node_attached_is_freed():
    with Lab(1) as lab:
        lab["n1"]("truncate -s 1M /run/lab/image")
        found = Path("/sys/block", lab["n1"]("losetup --find --show /run/lab/image").stdout.strip().removeprefix("/dev/"), "loop")
        assert found.exists()
        mine = (found / "backing_file").read_text(encoding="utf-8")
    wait_for(lambda: not (found.exists() and (found / "backing_file").read_text(encoding="utf-8") == mine))


def test_a_lab_that_cannot_start_leaves_nothing(monkeypatch):
    monkeypatch.setitem(site.INITS, "sleep", ["/no/such/program"])
    before = _labels()
    with pytest.raises(RuntimeError, match=r"n1 does not start: (.|\n)*No such file or directory"), Lab():
        pass
    assert _labels() == before


def test_what_a_killed_owner_left_is_swept_by_the_next_lab():
    process = _owner()
    label, *pids = process.stdout.readline().split()
    assert _left(label)
    process.kill()
    process.communicate()
    # the nodes end at once, by themselves, the frozen one too
    wait_for(lambda: not any(Path("/proc", pid).exists() for pid in pids))
    with Lab():  # or that of another process, which sweeps too
        wait_for(lambda: not _left(label))


def test_a_living_owner_keeps_its_lab():
    with Lab() as lab:
        assert lab.label not in owner.sweep()
        assert lab["n1"]("hostname").stdout == "n1\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["term", "hangup"])
def test_a_shell_by_hand_ends_with_its_terminal(number):
    process = subprocess.Popen(
        [sys.executable, "-m", "lab"], cwd=ROOM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    label = _label_of(process)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    wait_for(lambda: not _left(label))


def test_a_shell_by_hand_works_the_lab():
    script = """
        hostname; lab cut n2; ping -c1 -W0.3 n2 >/dev/null || echo cut; lab n2 hostname; lab heal n2
        lab power-off n2; lab status; lab fly; exit 7
    """
    done = subprocess.run([sys.executable, "-m", "lab"], cwd=ROOM, input=script, capture_output=True, text=True, timeout=120, check=False)
    assert "ssh n2" in done.stdout
    assert done.stdout.endswith("n1\ncut\nn2\nn1 up 10.99.0.1 10.99.1.1\nn2 off 10.99.0.2 10.99.1.2\n")
    assert (done.stderr, done.returncode) == ("lab: no such command; `lab help` shows them\n", 7)


def test_a_shell_at_a_terminal_survives_an_interrupt():
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOM)
        os.execv(sys.executable, [sys.executable, "-m", "lab"])
    _until(terminal, "n1:/#")
    # the job itself says that it runs: before, the interrupt would be the shell's
    os.write(terminal, b"sh -c 'echo run''ning; exec sleep 1000'\n")
    _until(terminal, "running")
    os.write(terminal, b"\x03")
    _until(terminal, "n1:/#")
    os.write(terminal, b"lab n2 hostname\n")
    _until(terminal, "n2\r\n")
    os.write(terminal, b"exit 5\n")
    _drain(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5


def test_hierarchies_are_read_from_a_mixed_host():
    text = (
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
        "42 31 0:38 / /elsewhere rw,relatime - cgroup2 cgroup2 rw\n"
    )
    assert hierarchies(text) == [
        Hierarchy(Path("/sys/fs/cgroup/cpu,cpuacct"), "cpu,cpuacct"),
        Hierarchy(Path("/sys/fs/cgroup/systemd"), "none,name=systemd"),
        Hierarchy(Path("/sys/fs/cgroup/unified"), ""),
    ]


def _owner():
    """A process with a lab of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOM, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOM)}
    )


def _left(label):
    """What carries a label: folders, control groups, loop devices, processes."""
    trees = hierarchies(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    groups = [path for tree in trees for path in tree.mount.glob(f"{label}*")]
    return [*groups, *TEMPORARY.glob(f"{label}*"), *disk.labelled(label)]


def _labels():
    return {path.name for path in TEMPORARY.glob(f"{owner.PREFIX}.*{os.getpid()}-*")}


def _label_of(process):
    """The label of the lab that a process has made, once it is up."""
    while "lab help" not in process.stdout.readline():
        pass
    return next(path.name for path in TEMPORARY.glob(f"{owner.PREFIX}.*.{process.pid}-*"))


def _until(terminal, text):
    """Read what the terminal shows up to a text."""
    seen, end = "", time.monotonic() + 60
    while text not in seen:
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 0.1)[0]:
            seen += re.sub(r"\x1b\[\??[\d;]*\w", "", os.read(terminal, 4096).decode())


def _drain(terminal):
    """Read until the other side is closed."""
    with suppress(OSError):  # so the end of a terminal is told
        while os.read(terminal, 4096):
            pass
