"""A goes down in order, its services stopped before, and comes back when its time is over: row by row, on real nodes."""

import pytest
from cluster.rows import check, prepare, rows

pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A reboots, back late | plain   | down / up   |
    |                      | fA      | down / up   |
    |                      | FA      | down / up   |
    |                      | fA + fB | down / down |
    |                      | FA + FB | down / down |
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n1, n2 = cluster.lab.nodes
    n1("om node shutdown")
    cluster.wait_alive(*row.up)
    cluster.wait_silent(n2, "n1")
    n1.power_off()
    n1.power_on()
    n1("om daemon start")
    cluster.wait_heard()
    check(cluster, trial, row)
    cluster.audit()
