"""The bench of the tests of disk.loop: a service with a loop device, and none left at the end."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import pytest
from opensvc_driver_loop.testing import detach_below, lacking

_shared = run_path(str(Path(__file__).with_name("bench_loop.py")))


@pytest.fixture(autouse=True)
def _can_attach():
    if problem := lacking():
        pytest.skip(problem)


@pytest.fixture(autouse=True)
def _no_device_is_left(tmp_path):
    yield
    detach_below(tmp_path)


@pytest.fixture
def disk(node_below, tmp_path):
    return _shared["Disk"](node_below, tmp_path)
