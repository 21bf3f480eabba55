"""Both nodes lose their power and one of them comes back late: row by row, on real nodes."""

import pytest
from cluster.rows import check, prepare, rows

# Seconds in which a command on a busy machine tells what is waited for.
REJOIN = 10.0
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A and B reboot, A late | plain | down / up   |
    |                        | fB    | up / down   |
    | A and B reboot, B late | plain | up / down   |
"""
LATE = {"A and B reboot, A late": "n1", "A and B reboot, B late": "n2"}
CLUSTER = {"rejoin_grace_period": REJOIN}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    for node in cluster.nodes:
        node.power_off()
    late = cluster.lab[LATE[row.event]]
    early = next(node for node in cluster.nodes if node is not late)
    cluster.begin(early)
    assert "was not heard since the daemon began here" in early("om svc1 explain").stdout
    cluster.wait(lambda: cluster.idle(early), f"{early.name} has waited long enough")
    if row.case == "plain":
        cluster.wait_alive(early.name)
    cluster.begin()
    check(cluster, trial, row, period=0.3)
    cluster.audit()
