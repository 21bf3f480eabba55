"""The promises of every driver that copies, for sync.rsync, with real nodes to copy to."""

import sys
from pathlib import Path

import pytest

PROMISES = Path(__file__).with_name("sync_promises.py")


@pytest.mark.lab(nodes=3)
@pytest.mark.timeout(600)
def test_copies_by_rsync_keep_the_promises_of_every_copy(lab):
    done = lab["n1"](f"{sys.executable} -m pytest -q -p no:cacheprovider --timeout=300 {PROMISES}", code=None, timeout=580)
    assert done.code == 0, done.stdout[-6000:]
    assert "6 passed" in done.stdout
