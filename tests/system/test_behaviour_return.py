"""A reboots, in order or not, and is back before B has missed it: row by row, on real nodes."""

import time

import pytest
from cluster.rows import check, prepare, rows

# Seconds: longer than a node of the lab takes to be back on a busy machine.
TIMEOUT = 20.0
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A reboots, back at once | plain   | up / down   |
    |                         | fA + fB | down / down |
    | A crashes, back at once | plain   | up / down   |
"""
CLUSTER = {"timeout": TIMEOUT, "interval": 0.2}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n1, begun = cluster.lab["n1"], time.monotonic()
    if row.event.startswith("A reboots"):
        n1("om node shutdown")
    n1.power_off()
    n1.power_on()
    n1("om daemon start")
    check(cluster, trial, row, is_settled=bool(row.up))
    cluster.audit()
    assert {one.node for one in cluster.intervals() if one.end > begun} <= {"n1"}
