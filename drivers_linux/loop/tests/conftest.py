"""The bench of the tests of disk.loop: a service with a loop device, and none left at the end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from runpy import run_path

import pytest
from opensvc_driver_loop.driver import Loop

_shared = run_path(str(Path(__file__).with_name("bench_loop.py")))


@pytest.fixture(autouse=True)
def _can_attach():
    if os.geteuid() != 0 or Loop.host_problem():
        pytest.skip(f"needs root and loop devices: {Loop.host_problem() or 'run it as root'}")


@pytest.fixture(autouse=True)
def _no_device_is_left(tmp_path):
    yield
    for device in _shared["devices_below"](tmp_path):
        subprocess.run(["umount", "-l", device], check=False, capture_output=True, timeout=120)
        subprocess.run(["losetup", "-d", device], check=False, timeout=120)


@pytest.fixture
def disk(node_below, tmp_path):
    return _shared["Disk"](node_below, tmp_path)
