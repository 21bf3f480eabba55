"""The daemon of A restarts; its services stay as they are, and nothing can fence: row by row, on real nodes."""

import pytest
from cluster.rows import check, prepare, rows
from cluster.services import Trial

READY, MAINTENANCE = 0.3, 2.0
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | daemon of A restarts       | plain | up / down |
    |                            | dB    | up / down |
    | daemon of A restarts, late | fB    | up / down |
    |                            | FB    | up / down |
"""
# An address of its own is what tells B that A's instance lives.
ADDRESS = "10.99.0.50"
TRIAL = Trial(address=ADDRESS)
CLUSTER = {"ready_period": READY, "maintenance_grace_period": MAINTENANCE}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n1 = cluster.lab["n1"]
    if "late" in row.event:
        n1("om daemon stop")
        check(cluster, trial, row, period=MAINTENANCE + READY)
        n1("om daemon start")
        cluster.wait_heard()
        check(cluster, trial, row)
    else:
        n1("om daemon restart")
        check(cluster, trial, row, period=MAINTENANCE + READY)
    cluster.audit()
