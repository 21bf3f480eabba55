"""The promises of every driver that copies, for sync.rsync and sync.config, with real nodes to copy to."""

import re
import sys

import pytest


@pytest.mark.lab(nodes=3)
@pytest.mark.timeout(600)
def test_copies_by_rsync_keep_the_promises_of_every_copy(lab):
    command = f"{sys.executable} -m pytest -v -p no:cacheprovider --timeout=300 --opensvc-driver sync.rsync --opensvc-driver sync.config"
    done = lab["n1"](command, code=None, timeout=580, OPENSVC_TEST_NODES="n2 n3")
    assert done.code == 0, done.stdout[-6000:]
    tried = [line for line in done.stdout.splitlines() if re.match(r"sync\.rsync::\w*Promises::", line)]
    assert len(tried) == 14
    assert [line for line in tried if " PASSED" not in line] == []
