"""What `make demo` shows of two nodes: the page docs/tutorial/two-nodes, run."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from lab import missing

TOP = Path(__file__).parents[2]
FOLDER = TOP / "docs" / "tutorial" / "two-nodes"
DEMO = [sys.executable, str(FOLDER / "demo.py")]
COMMAND = re.compile(r"^(n\d\$ .+)\n((?:(?!n\d\$ |# |```).*\n)*)", re.MULTILINE)
VARYING = (
    (re.compile(r"/dev/loop\d+"), "/dev/loopN"),
    (re.compile(r"\d:\d\d:\d\d\.\d{6}"), "DURATION"),
    (re.compile(r"\bkill \d+"), "kill PID"),
    (re.compile(r"eth0@if\d+ *"), "eth0@ifN "),
    (re.compile(r"clean, .* blocks"), "clean"),
    (re.compile(r" +$", re.MULTILINE), ""),
)
needs_lab = pytest.mark.skipif(bool(missing()), reason=missing())


def told(text):
    """The commands with what they print, without what differs each time."""
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return [(command, output.strip("\n")) for command, output in COMMAND.findall(text)]


def left_by(pid):
    """What carries the label of a lab of this process, and loop devices on the demo's file."""
    places = (Path(tempfile.gettempdir()), *Path("/sys/fs/cgroup").glob("*"), Path("/sys/fs/cgroup"))
    loops = [place for place in Path("/sys/block").glob("loop*/loop/backing_file") if "/demo.img" in place.read_text()]
    return [*(path for place in places for path in place.glob(f"osvc-lab.*.{pid}-*")), *loops]


def wait_for_nothing_left(pid):
    """The kernel frees a device that was in use when it comes to it."""
    end = time.monotonic() + 60
    while left := left_by(pid):
        assert time.monotonic() < end, left
        time.sleep(0.1)


@needs_lab
def test_the_page_shows_what_is_printed():
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        printed, _ = process.communicate()
    assert process.returncode == 0, printed
    assert told(printed) == told((FOLDER / "README.md").read_text(encoding="utf-8"))
    wait_for_nothing_left(process.pid)


@needs_lab
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(number):
    process = subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        read_until(process, "  mount -t ext4")
        os.killpg(process.pid, number)
        process.stdout.read()
        assert process.wait(60) == 130
        wait_for_nothing_left(process.pid)
    finally:
        process.kill()
        process.communicate()


def read_until(process, text):
    """Read the output up to a line with this text."""
    if not any(text in line for line in iter(process.stdout.readline, "")):
        raise AssertionError(f"the demo ended without {text!r}")


def test_an_ordinary_user_is_told_what_root_would_see():
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run([*drop, *DEMO], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "As root (sudo make demo) you would see more: two nodes, an address" in done.stdout
