"""The daemon of A or B stops for good; its services stay as they are, and nothing can fence: row by row, on real nodes."""

import pytest
from cluster.rows import check, prepare, rows
from cluster.services import Trial

READY, MAINTENANCE = 0.3, 2.0
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | daemon of A stops | plain | up / down |
    |                   | fB    | up / down |
    |                   | FB    | up / down |
    |                   | dB    | up / down |
    | daemon of B stops | plain | up / down |
"""
# An address of its own is what tells B that A's instance lives.
ADDRESS = "10.99.0.50"
TRIAL = Trial(address=ADDRESS)
CLUSTER = {"ready_period": READY, "maintenance_grace_period": MAINTENANCE}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    node = cluster.lab["n2" if "B" in row.event else "n1"]
    node("om daemon stop")
    if row.case == "dB":
        cluster.stays("n1", seconds=cluster.timeout + MAINTENANCE + READY + 1.0)
        assert not any(map(cluster.document, cluster.nodes))
    else:
        check(cluster, trial, row, period=MAINTENANCE + READY)
    cluster.audit()


def test_a_start_that_an_address_prevents_is_said(cluster, trial):
    cluster.restore(trial)
    n1, n2 = cluster.lab.nodes
    n1("om daemon stop")
    n2.wait_for(lambda: "start failed" in n2("om svc1 explain").stdout)
    n2.wait_for(lambda: f"ip#1: {ADDRESS} is in use: answered by" in n2.read("/var/log/opensvc/svc1.log"))
    cluster.stays("n1", seconds=1.0)
