"""A monitored resource of A fails and may not be restarted: row by row, on real nodes."""

import pytest
from cluster.rows import check, prepare, rows
from cluster.services import Trial

READY = 0.3
pytestmark = pytest.mark.timeout(600)
# the address stays up where nothing is done: the instance is in warn
TABLE = """
    | a monitored resource of A fails | plain   | down / up   |
    |                                 | fB      | warn / down |
    |                                 | FB      | warn / down |
    |                                 | dB      | warn / down |
    |                                 | fA      | warn / down |
    |                                 | FA      | warn / down |
    |                                 | fA + fB | warn / down |
"""
TRIAL = Trial(address="10.99.0.50", app="monitor = true\nrestart = 0")
CLUSTER = {"ready_period": READY}


def pid(cluster, service="svc1"):
    """The process of the application on A, as its daemon tells it; None: it does not run."""
    return cluster.instances(cluster.lab["n1"], service)["n1"]["resources"]["app#1"].get("info", {}).get("pids")


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    cluster.lab["n1"](f"kill -9 {pid(cluster)}")
    check(cluster, trial, row, period=READY)
    cluster.audit()
    if row.result == "warn / down":
        assert cluster.lab["n1"]("ip -br addr show eth0").stdout.count("10.99.0.50/24") == 1
    if "A" not in row.case and row.case != "plain":
        cluster.lab["n1"].wait_for(lambda: "no other node can take over" in cluster.lab["n1"]("om svc1 explain").stdout)


def test_a_resource_is_restarted_where_it_was_before_the_service_moves(cluster):
    cluster.add(Trial(name="svc2", app="monitor = true\nrestart = 1"))
    n1, first = cluster.lab["n1"], pid(cluster, "svc2")
    n1(f"kill -9 {first}")
    cluster.wait(lambda: pid(cluster, "svc2") not in (first, None), "it is restarted")
    cluster.wait_alive("n1", service="svc2")
    n1(f"kill -9 {pid(cluster, 'svc2')}")
    cluster.wait_alive("n2", service="svc2")
    cluster.audit("svc2")
