"""Data is at stake, nothing guards it, and a double start is accepted in writing: what that means on real nodes."""

import pytest
from cluster.rows import check, prepare, rows
from cluster.services import Trial

READY = 0.3
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A crashes          | plain | down / up |
    | all heartbeats cut | fB    | up / down |
    |                    | FB    | up / down |
    |                    | plain | up / up   |
"""
TRIAL = Trial(disk="data", more="split_policy = accept")
CLUSTER = {"ready_period": READY}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n1, n2 = cluster.lab.nodes
    if row.event == "A crashes":
        n1.power_off()
    else:
        n1.cut()
    check(cluster, trial, row, period=READY)
    if row.result != "up / up":
        cluster.audit()
        return
    n1.heal()
    n2.wait_for(lambda: "active on n1 n2 at once" in n2("om svc1 explain").stdout)
    cluster.wait(lambda: all(one["frozen"] for one in cluster.instances(n2).values()), "what is up twice is kept, frozen")
    check(cluster, trial, row)
