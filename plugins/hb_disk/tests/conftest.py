"""A disk that two nodes have: two loop devices with caches of their own over one file."""

import shutil
import subprocess

import pytest
from opensvc_driver_hb_disk.testing import attached, blank_file, lacking, write_tables


@pytest.fixture
def blank(tmp_path):
    """A file of zeros, eight slots long."""
    if problem := lacking():
        pytest.skip(problem)
    return blank_file(tmp_path)


@pytest.fixture
def disk(blank):
    """Two devices of a blank disk."""
    with attached(blank) as devices:
        yield devices


@pytest.fixture
def tables():
    """Makes a file what `om node prepare` makes of a disk."""
    return write_tables


@pytest.fixture
def on_disk():
    """Runs a command that makes something of a device."""

    def run(command, device):
        words = command.split()
        if not shutil.which(words[0]):
            pytest.skip(f"{words[0]} is needed: apt-get install e2fsprogs util-linux lvm2")
        subprocess.run([*words, device], check=True, capture_output=True, timeout=120)

    return run
