"""The daemon of A stops, for a moment or for good, and B may fence: row by row, on real nodes."""

import pytest
from cluster import started
from cluster.device import FENCES, Device
from cluster.rows import check, prepare, rows
from cluster.services import Trial

READY, MAINTENANCE = 0.3, 2.0
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | daemon of A restarts, late | plain | down / up |
    |                            | fB    | up / down |
    | daemon of A stops          | plain | down / up |
    |                            | FB    | up / down |
"""
# It answers for its address until it is fenced.
TRIAL = Trial(more="guard = fence", address="10.99.0.50")


@pytest.fixture(scope="module")
def cluster(module_lab, trial):
    Device(module_lab)
    return started(module_lab, trial, more=FENCES, ready_period=READY, maintenance_grace_period=MAINTENANCE, fence_delay=0.5)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n1 = cluster.lab["n1"]
    n1("om daemon stop")
    check(cluster, trial, row, period=MAINTENANCE + READY)
    assert n1.is_up == (row.result == "up / down")
    if row.event == "daemon of A restarts, late":
        n1.power_on()
        n1("om daemon start")
        cluster.wait_heard()
        check(cluster, trial, row)
    cluster.audit()
