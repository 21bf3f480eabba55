"""Start and stop of disk.loop."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from runpy import run_path

import pytest
from opensvc_linux.testing import shows

from opensvc_core.api import ActionFailed, Status
from opensvc_core.testing.apart import give_back

_shared = run_path(str(Path(__file__).with_name("bench_loop.py")))
run = _shared["run"]
attach = _shared["attach"]


# -- start


@pytest.mark.parametrize("words", [(), ("--offset", "65536")], ids=["whole", "part"])
def test_a_file_is_never_attached_a_second_time(disk, words):
    device = attach(*words, disk.file)
    if words:
        with pytest.raises(ActionFailed, match=f"{device} has a part of {disk.file} attached, by somebody else"):
            disk.do("start")
    else:
        assert disk.do("start") == []
    assert list(disk.devices()) == [device]


def test_a_file_that_is_attached_twice_is_refused(disk):
    attach(disk.file)
    attach(disk.file)
    with pytest.raises(ActionFailed, match="is attached 2 times"):
        disk.do("start")
    assert disk.seen()[0] is Status.WARN


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda file: file.unlink(), "is missing; 'provision' makes one"),
        (lambda file: os.truncate(file, 0), "is empty; 'provision' gives it its size"),
        (lambda file: os.truncate(file, 87), "has 87 bytes, less than a sector: it is no image of a disk"),
        (lambda file: file.unlink() or file.mkdir(), "is no regular file"),
        (lambda file: file.unlink() or os.mkfifo(file), "is no regular file"),
    ],
    ids=["missing", "empty", "too short", "directory", "fifo"],
)
def test_what_can_not_be_attached_is_told_before_anything_is_done(disk, spoil, problem):
    spoil(disk.file)
    with pytest.raises(ActionFailed, match=problem):
        disk.do("start")
    assert disk.devices() == {}


# -- stop


def test_a_device_that_is_mounted_is_refused_and_told(disk):
    disk.do("start")
    run("mkfs.ext4", "-q", disk.device())
    place = disk.folder / "mounted here"
    place.mkdir()
    run("mount", disk.device(), str(place))
    try:
        with pytest.raises(ActionFailed, match=f"{disk.device()} is in use and stays attached: mounted on {place}"):
            disk.do("stop")
        assert disk.seen() == (Status.UP, [])
    finally:
        run("umount", str(place))
    assert disk.do("stop")[0].startswith("losetup -d")


@contextmanager
def mounted_in_a_namespace(device, place):
    """Mounted where only the processes of one mount namespace see it."""
    # it answers when it has become cat, which says what it is told
    script = f"{give_back()}mount -o ro {device} {place} && exec cat"
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        process.stdin.write("mounted\n")
        process.stdin.flush()
        assert process.stdout.readline() == "mounted\n"
        yield process.pid
    finally:
        process.communicate(timeout=50)


def test_a_mount_of_a_container_is_seen_too(disk):
    disk.do("start")
    run("mkfs.ext4", "-q", disk.device())
    place = disk.folder / "place"
    place.mkdir()
    with mounted_in_a_namespace(disk.device(), place) as pid:
        with pytest.raises(ActionFailed, match=rf"mounted on {place} in the mount namespace of pid {pid} \(cat\)"):
            disk.do("stop")
        assert disk.seen() == (Status.UP, [])


def test_a_device_that_a_process_has_open_is_refused_and_stays_as_it_was(disk):
    disk.do("start")
    with Path(disk.device()).open("rb") as opened:
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(opened.fileno(),))
        opened.close()
        try:
            shows(process.pid, "cat")
            with pytest.raises(ActionFailed, match=rf"opened by cat \(pid {process.pid}\)"):
                disk.do("stop")
            assert disk.seen() == (Status.UP, [])
        finally:
            process.communicate(timeout=50)
    assert disk.seen() == (Status.UP, [])


def test_a_part_attached_by_somebody_else_is_left_and_told(disk):
    device = attach("--offset", "65536", disk.file)
    with pytest.raises(ActionFailed, match="by somebody else"):
        disk.do("stop")
    assert list(disk.devices()) == [device]


def test_a_deleted_file_is_only_given_up_by_force(disk):
    disk.do("start")
    disk.file.unlink()
    with pytest.raises(ActionFailed, match="its data goes with the device"):
        disk.do("stop")
    assert len(disk.devices()) == 1
    disk.do("stop", is_forced=True)
    assert disk.devices() == {}
