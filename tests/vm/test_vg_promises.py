"""The promises of every driver, for volume groups and volumes, where there is a device-mapper."""

import sys
from pathlib import Path

from vg_promises import CHOSEN

PROMISES = Path(__file__).with_name("vg_promises.py")


def test_groups_and_volumes_keep_the_promises_of_every_driver(vms):
    """In one process of a guest, which is as root and has a device-mapper."""
    chosen = " ".join(f"'{PROMISES}::{name}'" for name in CHOSEN)
    line = f"{sys.executable} -m pytest -q -p no:cacheprovider --timeout=200 {chosen}"
    done = vms["v1"](line, code=None, timeout=280)
    assert done.code == 0, done.stdout[-6000:]
    assert f"{len(CHOSEN)} passed" in done.stdout
