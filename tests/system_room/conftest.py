"""What the tests of the host's effects share: whatever they start ends with them."""

import os
import secrets
import signal
import time

import pytest

from opensvc_core.system import processes
from opensvc_core.system.cgroups import ControlGroups

is_root = os.geteuid() == 0


@pytest.fixture
def mark():
    """A variable that finds each process that a test has started; they are killed after it."""
    mark = {"OPENSVC_TEST_MARK": secrets.token_hex(8)}
    os.environ.update(mark)
    yield mark
    del os.environ["OPENSVC_TEST_MARK"]
    for process in processes.find(mark):
        processes.send(process, signal.SIGKILL)


@pytest.fixture
def group():
    """Our groups of this host, and the name of one for this test alone."""
    groups = ControlGroups.find()
    if groups is None:
        pytest.skip("this host lets us make no control group")
    top = f"opensvc-test-{secrets.token_hex(4)}"
    yield groups, f"{top}/svc1/app#1"
    groups.end(top, 0)
    groups.remove(top)
    assert not groups.directory(top).exists()


@pytest.fixture
def until():
    """Wait for a condition, 3 seconds at most."""

    def wait(condition, seconds=3.0):
        end = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > end:
                raise AssertionError("did not come true in time")
            time.sleep(0.01)
        return found

    return wait
