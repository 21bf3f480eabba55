"""A disk that two nodes have: two loop devices with caches of their own over one file."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from opensvc_driver_hb_disk.pages import CLAIM, DISK, FIRST_SLOT, MOST_SLOTS, PAGE, SLOT, Page, said


@contextmanager
def attached(file, count=2):
    """The loop devices of a file."""
    devices = []
    try:
        for _ in range(count):
            done = subprocess.run(["losetup", "--find", "--show", str(file)], capture_output=True, text=True, timeout=60, check=True)
            devices.append(done.stdout.strip())
        yield devices
    finally:
        for device in devices:
            subprocess.run(["losetup", "--detach", device], timeout=60, check=True)


@pytest.fixture
def blank(tmp_path):
    """A file of zeros, eight slots long."""
    if os.geteuid() or not Path("/dev/loop-control").exists():
        pytest.skip("loop devices are needed: run as root on a host that has them")
    file = tmp_path / "disk"
    with file.open("wb") as made:
        made.truncate(FIRST_SLOT + 8 * SLOT)
    return file


@pytest.fixture
def disk(blank):
    """Two devices of a blank disk."""
    with attached(blank) as devices:
        yield devices


@pytest.fixture
def tables():
    """Makes a file what `om node prepare` makes of a disk."""
    return write_tables


def write_tables(file, cluster, slots=8, nodes=()):
    """Make a file what 'om node prepare' makes of a disk."""
    assert slots <= MOST_SLOTS
    with Path(file).open("r+b") as opened:
        opened.write(Page(DISK, bytes(16), 1, said(cluster=cluster, slots=slots)).encoded())
        for node in nodes:
            opened.write(Page(CLAIM, bytes(16), 1, said(node=node)).encoded())
        opened.write(bytes(FIRST_SLOT - PAGE * (1 + len(nodes))))


@pytest.fixture
def on_disk():
    """Runs a command that makes something of a device."""

    def run(command, device):
        words = command.split()
        if not shutil.which(words[0]):
            pytest.skip(f"{words[0]} is needed: apt-get install e2fsprogs util-linux lvm2")
        subprocess.run([*words, device], check=True, capture_output=True, timeout=120)

    return run
