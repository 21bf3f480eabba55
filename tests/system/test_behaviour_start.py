"""Both nodes lose their power and come back together: row by row, on real nodes."""

import pytest
from cluster.rows import check, prepare, rows

pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A and B reboot         | plain | up / down   |
    |                        | fA    | down / up   |
    |                        | FA    | down / up   |
    |                        | fA+fB | down / down |
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    for node in cluster.nodes:
        node.power_off()
    cluster.begin()
    check(cluster, trial, row, period=0.3)
    cluster.audit()
