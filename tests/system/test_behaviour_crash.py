"""A crashes, with nothing at stake and no guard: what B does, row by row, on real nodes."""

import pytest
from cluster.rows import Row, check, prepare, rows

READY = 0.3
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A crashes                 | plain   | down / up   |
    |                           | fB      | down / down |
    |                           | FB      | down / down |
    | A crashes and is back     | plain   | down / up   |
    |                           | FA + fB | down / down |
"""
CLUSTER = {"ready_period": READY}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n1 = cluster.lab["n1"]
    n1.power_off()
    if row.event == "A crashes":
        check(cluster, trial, row, period=READY)
    else:
        cluster.wait_alive(*row.up)
        cluster.wait_silent(cluster.lab["n2"], "n1")
        n1.power_on()
        n1("om daemon start")
        cluster.wait_heard()
        check(cluster, trial, row)
    cluster.audit()


def test_a_peer_s_frozen_state_survives_the_restart_of_its_daemon(cluster, trial):
    prepare(cluster, trial, Row("", "fB", ""))
    n1, n2 = cluster.lab.nodes
    n2("om daemon restart")
    cluster.wait_heard()
    n1.wait_for(lambda: "the instance on n2 is frozen" in n1("om svc1 explain").stdout)
    n1.power_off()
    check(cluster, trial, Row("A crashes", "fB", "down / down"), period=READY)
    assert "the instance on n2 is frozen" in n2("om svc1 explain").stdout
