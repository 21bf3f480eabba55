"""What `make demo` shows: pages of docs/tutorial, run."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from lab import missing

from opensvc_core import Node
from opensvc_core.testing.waiting import wait_for

TOP = Path(__file__).parents[2]
PAGES = TOP / "docs" / "tutorial"
DEMO = [sys.executable, str(PAGES / "demo.py")]
OWN = "cluster-of-your-own"
COMMAND = re.compile(r"^(n\d[$!] .+)\n((?:(?!n\d[$!] |# |===|```).*\n)*)", re.MULTILINE)
CONSOLE = re.compile(r"^(\$ .+\n(?:>.*\n)*)((?:(?!\$ |# |===|```).*\n)*)", re.MULTILINE)
VARYING = (
    (re.compile(r"/dev/loop\d+"), "/dev/loopN"),
    (re.compile(r"\d:\d\d:\d\d\.\d{6}"), "DURATION"),
    (re.compile(r"\bkill \d+"), "kill PID"),
    (re.compile(r"eth0@if\d+ *"), "eth0@ifN "),
    (re.compile(r"clean, .* blocks"), "clean"),
    (re.compile(r"\b(after|in) [\d.,]+ seconds"), r"\1 SECONDS"),
    (re.compile(r"/tmp/opensvc-demo\.\w+"), "/tmp/osvc"),
    (re.compile(r"(127\.0\.0\.1:|\.path\} )\d+"), r"\1PORT"),
    # columns are as wide as what a node is loaded with
    (re.compile(r" {2,}"), "  "),
    (re.compile(r" +$", re.MULTILINE), ""),
)
needs_lab = pytest.mark.skipif(bool(missing()), reason=missing())


def told(text, command=COMMAND):
    """The commands with what they print, without what differs each time."""
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return [(line, output.strip("\n")) for line, output in command.findall(text)]


def begun(*names):
    """The demo of some pages, in a session of its own."""
    return subprocess.Popen([*DEMO, *names], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def page(name):
    return (PAGES / name / "README.md").read_text(encoding="utf-8")


def left_by(pid, printed):
    """What carries the label of a lab of this process, loop devices on the demo's file, and what knows or is called after its folder."""
    places = (Path(tempfile.gettempdir()), *Path("/sys/fs/cgroup").glob("*"), Path("/sys/fs/cgroup"))
    loops = [place for place in Path("/sys/block").glob("loop*/loop/backing_file") if "/demo.img" in place.read_text()]
    folder = re.search(r"/tmp/opensvc-demo\.\w+", printed)
    own = [*knowing(folder[0]), *Path("/tmp").glob(Path(folder[0]).name), *groups_of(folder[0])] if folder else []
    return [*(path for place in places for path in place.glob(f"osvc-lab.*.{pid}-*")), *loops, *own]


def knowing(folder):
    """Processes that were begun for a folder."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if folder.encode() in (place / "environ").read_bytes() + (place / "cmdline").read_bytes():
                yield place


def groups_of(folder):
    """The control groups of the nodes below a folder."""
    for name in ("", "/n1", "/n2"):
        node = Node(Path(folder + name), nodename="n1")
        if node.host.groups:
            yield from (tree for tree in (node.host.groups.directory(node.cgroup),) if tree.exists())


def wait_for_nothing_left(pid, printed):
    """The kernel frees a device that was in use when it comes to it."""
    wait_for(lambda: not left_by(pid, printed), lambda: left_by(pid, printed))


@needs_lab
@pytest.mark.timeout(600)
def test_the_pages_show_what_root_sees():
    with begun("two-nodes", "failover") as process:
        printed, _ = process.communicate()
    assert process.returncode == 0, printed
    assert told(printed) == told(page("two-nodes")) + told(page("failover"))
    assert re.search(r"^=== That took \d+ seconds, and nothing of it is left\.", printed, re.MULTILINE)
    wait_for_nothing_left(process.pid, printed)


@needs_lab
@pytest.mark.timeout(600)
def test_a_page_shows_what_an_ordinary_user_sees(lab):
    """In a node, whose folders that user may read, and who has nothing else."""
    n1 = lab["n1"]
    n1("chmod 711 /root")
    done = n1(f"setpriv --reuid=65534 --regid=65534 --clear-groups {shlex.join(DEMO)}", HOME="/tmp", timeout=300)
    assert "As root (sudo make demo) you see two nodes with an address and a disk" in " ".join(done.stdout.split("\n# "))
    assert told(done.stdout, CONSOLE) == told(page(OWN), CONSOLE)
    assert done.stderr == ""
    assert n1("sh -c 'ls -d /tmp/opensvc-demo.*; pgrep -u nobody'", code=1).stdout == ""


@needs_lab
def test_root_is_told_of_nodes_that_fail_and_of_pages_that_there_are():
    with begun() as process:
        try:
            read_until(process, "=== docs/tutorial/failover/README.md ===")
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate()
    with begun("three-nodes") as process:
        printed, _ = process.communicate()
    assert process.returncode == 2
    assert printed == "demo: there is no page three-nodes, but cluster-of-your-own, failover, first-service, two-nodes\n"


@needs_lab
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "seen"), [("two-nodes", "  mount -t ext4"), (OWN, "up         idle, started")])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_demo_that_is_ended_leaves_nothing(name, seen, number):
    process = begun(name)
    try:
        printed = read_until(process, seen)
        os.kill(process.pid, number) if number == signal.SIGKILL else os.killpg(process.pid, number)
        process.stdout.read()
        assert process.wait(60) == (-number if number == signal.SIGKILL else 130)
        wait_for_nothing_left(process.pid, printed)
    finally:
        process.kill()
        process.communicate()


def read_until(process, text):
    """Read the output up to a line with this text."""
    lines = []
    for line in iter(process.stdout.readline, ""):
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"the demo ended without {text!r}: {''.join(lines)}")
