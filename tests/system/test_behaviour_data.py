"""Data is at stake and nothing guards it: what is silent is not taken over, and the reason is shown; row by row, on real nodes."""

import pytest
from cluster.rows import Row, check, prepare, rows
from cluster.services import Trial

READY, MAINTENANCE, REJOIN = 0.3, 2.0, 3.0
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A crashes              | plain | down / down |
    | daemon of A stops      | plain | up / down   |
    | all heartbeats cut     | plain | up / down   |
    |                        | fB    | up / down   |
    | A and B reboot, A late | plain | down / down |
"""
WHY = "n1 does not answer and may have it active; data is at stake and no guard is configured"
TRIAL = Trial(disk="data")
CLUSTER = {"ready_period": READY, "maintenance_grace_period": MAINTENANCE, "rejoin_grace_period": REJOIN}


def happen(cluster, event):
    n1, n2 = cluster.lab.nodes
    if event == "A crashes":
        n1.power_off()
    elif event == "all heartbeats cut":
        n1.cut()
    elif event == "daemon of A stops":
        n1("om daemon stop")
    else:
        n1.power_off()
        n2.power_off()
        n2.power_on()
        n2("om daemon start")


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n2 = cluster.lab["n2"]
    happen(cluster, row.event)
    if row.case == "plain":
        n2.wait_for(lambda: WHY in n2("om svc1 explain").stdout)
        n2.wait_for(lambda: "data is at stake and no guard is configured" in n2("om mon").stdout)
    check(cluster, trial, row, period=READY)
    cluster.audit()


def test_a_person_who_knows_that_a_is_down_confirms_it(cluster, trial):
    prepare(cluster, trial, Row("", "plain", ""))
    n1, n2 = cluster.lab.nodes
    n1.power_off()
    n2.wait_for(lambda: WHY in n2("om svc1 explain").stdout)
    n2("om svc1 start --confirm-down n1 --wait --time 60")
    check(cluster, trial, Row("A crashes", "plain", "down / up"))
    cluster.audit()


@pytest.mark.parametrize("options", ["--local", "--rid fs#1"])
def test_nobody_takes_on_b_alone_what_a_has_while_a_is_heard(cluster, trial, options):
    prepare(cluster, trial, Row("", "plain", ""))
    n1, n2 = cluster.lab.nodes
    refused = n2(f"om svc1 start {options} --confirm-down n1", code=5)
    assert "--confirm-down n1: n1 is heard, it is not down; stop the service there" in refused.stderr
    cluster.stays("n1", seconds=READY)
    n1.power_off()
    cluster.wait_silent(n2, "n1")
    n2(f"om svc1 start {options} --confirm-down n1")
    assert "/srv/svc1" in n2("cat /proc/mounts").stdout
    cluster.audit()
