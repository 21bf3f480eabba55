"""The promises of every driver, for those that take a kernel of their own, all of them, with a kill at every operation."""

import sys
from pathlib import Path

import pytest

# With fewer something was not collected. What a group that the service makes has in common with others is tried with those.
SUITES = {
    "TestVolume": ("vg", "", 35),
    "TestReservation": ("scsireserv", "", 34),
    "TestGroup": ("vg", "", 19),
    "TestMadeGroup": ("vg", "-k provision", 8),
}
PYTEST = f"{sys.executable} -m pytest -v --assert=plain -p no:cacheprovider --basetemp=/run/promises --timeout=200"
SECONDS = 1500


@pytest.mark.timeout(SECONDS + 100)
@pytest.mark.parametrize("suite", SUITES)
def test_groups_volumes_and_reservations_keep_the_promises_of_every_driver(alone, suite):
    """They are tried in one process of a machine."""
    name, which, least = SUITES[suite]
    file = Path(__file__).with_name(f"{name}_promises.py")
    device = alone.unit() if name == "scsireserv" else ""
    done = alone.begin(f"{PYTEST} {which} {file}::{suite}", OPENSVC_TEST_SCSI=device).wait(SECONDS)
    lines = [line for line in done.stdout.splitlines() if f"::{suite}::" in line]
    assert [line for line in lines if " PASSED" not in line] == [], done.stdout[-6000:]
    assert len(lines) >= least, done.stdout[-6000:]
