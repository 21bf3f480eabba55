"""A person stops the service on two real nodes, on A alone or everywhere: row by row."""

import pytest
from cluster.rows import check, prepare, rows

READY = 0.3
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | stop --local on A | plain | down / up   |
    |                   | fB    | down / down |
    |                   | FB    | down / down |
    | stop              | plain | down / down |
    |                   | fB    | down / down |
"""
COMMANDS = {"stop --local on A": "om svc1 stop --local", "stop": "om svc1 stop --wait --time 60"}
CLUSTER = {"ready_period": READY}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    cluster.lab["n1"](COMMANDS[row.event])
    check(cluster, trial, row, period=READY)
    cluster.audit()
    frozen = {"n1"} | ({"n2"} if row.event == "stop" or row.case == "fB" else set())
    cluster.wait(
        lambda: {name for name, one in cluster.instances(cluster.lab["n2"]).items() if one["frozen"]} == frozen, f"frozen: {frozen}"
    )


def test_what_was_stopped_stays_so_over_a_crash_and_a_restart(cluster, trial):
    cluster.restore(trial)
    n1, n2 = cluster.lab.nodes
    n1("om svc1 stop --wait --time 60")
    n1.power_off()
    n2("om daemon restart")
    n1.power_on()
    n1("om daemon start")
    cluster.wait_heard()
    cluster.stays(seconds=cluster.timeout + READY + 1.0)
    told = n2("om svc1 explain").stdout
    assert "the instance on n1 is frozen" in told
    assert "the instance on n2 is frozen" in told
