"""The promises of every driver, for those that take a kernel of their own, all of them, with a kill at every operation."""

import pytest
from vmlab import missing

# With fewer something was not collected.
SUITES = {"TestGroup": 23, "TestVolume": 34, "TestReservation": 34}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", SUITES)
def test_groups_volumes_and_reservations_keep_the_promises_of_every_driver(promises, suite):
    """They are tried in a machine beside the other tests, in one process."""
    if promises is None:
        pytest.skip(missing())
    done = promises.wait(580)
    lines = [line for line in done.stdout.splitlines() if f"::{suite}::" in line]
    assert [line for line in lines if " PASSED" not in line] == [], done.stdout[-6000:]
    assert len(lines) >= SUITES[suite], done.stdout[-6000:]
