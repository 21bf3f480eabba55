"""Provision and unprovision of disk.loop."""

import pytest

from opensvc_core.api import ActionFailed, Status

MEGABYTE = 1 << 20


def test_provision_makes_a_sparse_file_and_attaches_it(disk):
    disk.file.unlink()
    disk.has(size="64m")
    planned = disk.planned("provision")
    assert planned == [f"disk#0: truncate -s {64 * MEGABYTE} {disk.file}", f"disk#0: losetup --find --show --nooverlap {disk.file}"]
    assert [f"disk#0: {text}" for text in disk.do("provision")] == planned
    found = disk.file.stat()
    assert (found.st_size, found.st_mode & 0o777) == (64 * MEGABYTE, 0o600)
    assert found.st_blocks * 512 < MEGABYTE
    assert disk.seen() == (Status.UP, [])


def test_provision_leaves_a_file_that_holds_something_as_it_is(disk):
    disk.file.write_bytes(b"data" * 1024)
    disk.has(size="64m")
    disk.do("provision")
    assert disk.file.read_bytes() == b"data" * 1024
    device = disk.device()
    assert disk.do("unprovision") == [f"losetup -d {device}"]
    assert disk.file.exists()


def test_provision_needs_a_size_and_a_folder(disk):
    disk.file.unlink()
    with pytest.raises(ActionFailed, match="is too small for a device"):
        disk.do("provision")
    disk.has(file=disk.folder / "nowhere" / "disk.img", size="1m")
    with pytest.raises(ActionFailed, match="is no directory; make it, or mount what holds it"):
        disk.do("provision")


def test_a_failed_provision_leaves_no_file(disk):
    disk.file.unlink()
    disk.has(size="1m", more="[app#failing]\ntype = failing\n")
    with pytest.raises(ActionFailed):
        disk.do("provision")
    assert not disk.file.exists()
    assert disk.devices() == {}


def test_unprovision_removes_what_provision_has_made(disk):
    disk.file.unlink()
    disk.has(size="1m")
    disk.do("provision")
    assert disk.do("unprovision")[-1] == f"rm {disk.file}"
    assert not disk.file.exists()


def test_unprovision_leaves_a_file_that_took_the_place_of_the_one_made(disk):
    disk.file.unlink()
    disk.has(size="1m")
    disk.do("provision")
    disk.do("stop")
    other = disk.folder / "other"
    other.write_bytes(b"data" * 1024)
    other.rename(disk.file)
    assert disk.do("unprovision") == []
    assert disk.file.read_bytes() == b"data" * 1024
