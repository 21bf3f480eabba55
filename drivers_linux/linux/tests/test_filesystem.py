"""The base of file systems, on one that never answers."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from opensvc_linux.asking import ask, first_block
from opensvc_linux.filesystem import Filesystem, mount_point
from opensvc_linux.mounts import at, read
from opensvc_linux.point import hides

from opensvc_core.api import ActionFailed, Status
from opensvc_core.instance.host import Host
from opensvc_core.instance.request import Request
from opensvc_core.testing.fakes import context_for


class Silent(Filesystem):
    """A file system type of its own is a class of two lines."""

    id = "fs.fuse"


@pytest.fixture
def silent(ground, tmp_path):
    """A mounted file system that never answers, and its resource."""
    point = tmp_path / "silent"
    point.mkdir()
    with subprocess.Popen([sys.executable, str(Path(__file__).parent / "silent.py"), str(point)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        try:
            yield point
        finally:
            process.kill()


def resource(folder, point, **more):
    return Silent(context_for("fs#1", folder, system=Host(), **more), {"dev": "silent", "mnt": str(point), "stat_timeout": 0.3})


def test_one_that_does_not_answer_is_up_with_a_warning_in_time(silent, tmp_path):
    began = time.monotonic()
    seen = resource(tmp_path, silent).status()
    assert seen.status is Status.UP
    assert [message.text for message in seen.messages] == ["fs dev is not responding to stat"]
    assert time.monotonic() - began < 30


def test_it_is_not_unmounted_but_by_force(silent, tmp_path):
    with pytest.raises(ActionFailed, match="does not answer, and umount would wait for it"):
        next(resource(tmp_path, silent).stop())
    assert str(next(resource(tmp_path, silent, is_forced=True).stop())) == f"umount -f {silent}"
    assert at(str(silent), read())


def test_a_mount_point_below_it_is_down_and_not_started(silent, tmp_path):
    below = resource(tmp_path, silent / "below")
    assert below.status() is Status.DOWN
    with pytest.raises(ActionFailed, match=f"fuse silent on {silent} does not answer"):
        next(below.start())


def test_a_command_ends_though_a_file_system_does_not_answer(silent, node_below):
    node_below.create("web", f"[fs#1]\ntype = tmpfs\nmnt = {silent}/below\nstat_timeout = 0.3s\n")
    program = Path(sys.executable).parent / "om"
    done = subprocess.run([program, "web", "print", "status"], capture_output=True, text=True, timeout=120, check=False)
    assert "down" in done.stdout and "Traceback" not in done.stderr


@pytest.mark.parametrize(("value", "expected"), [("/srv/data/", "/srv/data"), (" /srv/a b ", "/srv/a b"), ("/srv//", "/srv")])
def test_mount_points_end_without_a_slash(value, expected):
    assert mount_point(value) == expected


@pytest.mark.parametrize(
    ("value", "why"), [("srv", "does not begin with '/'"), ("", "does not begin"), ("/", "root of the host"), ("//", "root of the host")]
)
def test_what_can_be_no_mount_point_is_refused(value, why):
    with pytest.raises(ValueError, match=why):
        mount_point(value)


@pytest.mark.parametrize(
    ("point", "what"),
    [
        ("/etc", "what this host needs to run"),
        ("/var/lib", "/var/lib/opensvc/svc, which the agent needs"),
        ("/var/lib/opensvc/svc", "/var/lib/opensvc/svc, which the agent needs"),
        ("/var/lib/opensvc/svc/web/mnt", ""),
        ("/var/lib/postgresql", ""),
        ("/usr/local", ""),
        ("/srv", ""),
    ],
)
def test_a_mount_point_hides_nothing_that_the_host_or_the_agent_needs(point, what):
    assert hides(point, [Path("/var/lib/opensvc/svc")]) == what


def test_a_mount_over_the_agent_s_own_files_is_refused(node_below):
    service = node_below.create("web", f"[fs#1]\ntype = tmpfs\nmnt = {node_below.paths.etc}\n")
    with pytest.raises(ActionFailed, match=r"would hide .*web.conf, which the agent needs"):
        service.perform(Request("start"), lambda _event: None)
    assert not at(str(node_below.paths.etc), read())


def test_a_mount_point_that_is_a_link_to_nowhere_is_refused(node_below, tmp_path):
    (tmp_path / "mnt").symlink_to("nowhere")
    service = node_below.create("web", f"[fs#1]\ntype = tmpfs\nmnt = {tmp_path}/mnt\n")
    with pytest.raises(ActionFailed, match=f"mnt is a link that leads nowhere; make {tmp_path}/nowhere"):
        service.perform(Request("start"), lambda _event: None)


def test_a_read_of_a_device_is_tried(ground):
    device = ground.disk()
    assert ask(lambda: first_block(device), 5) == "4096"
    with pytest.raises(FileNotFoundError):
        ask(lambda: first_block("/dev/no-such-device"), 5)


def test_who_asks_in_vain_holds_no_lock_and_no_output(silent, tmp_path):
    reader, writer = os.pipe()
    with pytest.raises(TimeoutError):
        ask(lambda: str(os.stat(silent)), 0.1)  # noqa: PTH116
    os.close(writer)
    assert os.read(reader, 1) == b""  # nobody else has it open
    os.close(reader)
