"""What the tests of the host's effects share: whatever they start ends with them."""

import os
import secrets
import signal

import pytest

from opensvc_core.system import processes
from opensvc_core.system.cgroups import ControlGroups
from opensvc_core.testing.waiting import wait_for

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
def holding(tmp_path):
    """What a command waits for, in the words of a shell (`cat FIFO`), until the test lets it go on: `holding.let_go()`."""
    return Holding(tmp_path / "held")


class Holding:
    """A fifo: who reads it waits until somebody has opened it for writing, and closed it."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)

    def __str__(self):
        return f"cat {self.path}"

    def let_go(self):
        """The reader, who is there or comes soon, ends."""
        with self.path.open("wb"):
            pass


@pytest.fixture
def until():
    """Wait for a condition."""
    return wait_for
