"""What the tests of fs.ext4 share: block devices, a service with one file system, and who holds it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opensvc_linux.testing import Ground, ground_in

from opensvc_core.testing.one import One


class Filesystem(One):
    """A service with one file system, mounted on `mnt`."""

    def __init__(self, node, ground, folder):
        self.ground, self.mnt = ground, folder / "mnt"
        super().__init__(node, "fs#1", folder, type="ext4", mnt=self.mnt)

    def has(self, dev, more="", **values):
        return super().has(more, dev=dev, **values)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """Loop devices and mounts of one test, gone at its end."""
    yield from ground_in(tmp_path)


@pytest.fixture
def one(ground, node_below, tmp_path):
    return Filesystem(node_below, ground, tmp_path)


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
