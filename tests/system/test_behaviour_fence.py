"""Fencing is configured: takeovers from a silent A begin when it is confirmed to be down; row by row, on real nodes."""

import pytest
from cluster import started
from cluster.device import FENCES, Device
from cluster.rows import Row, check, prepare, rows
from cluster.services import Trial

READY = 0.3
pytestmark = pytest.mark.timeout(600)
TABLE = """
    | A crashes          | plain | down / up |
    | all heartbeats cut | plain | down / up |
    |                    | fB    | up / down |
    |                    | FB    | up / down |
"""
TRIAL = Trial(more="guard = fence")


@pytest.fixture(scope="module")
def device(module_lab):
    return Device(module_lab)


@pytest.fixture(scope="module")
def cluster(module_lab, device, trial):
    return started(module_lab, trial, more=FENCES, ready_period=READY, fence_delay=0.5, fence_retry=2)


def happen(cluster, event):
    n1 = cluster.lab["n1"]
    if event == "A crashes":
        n1.power_off()
    else:
        n1.cut()


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    happen(cluster, row.event)
    check(cluster, trial, row, period=READY)
    assert cluster.lab["n1"].is_up == (row.result == "up / down")
    cluster.audit()


@pytest.mark.parametrize("event", ["A crashes", "all heartbeats cut"])
def test_a_failed_fence_blocks_the_start_and_says_so(cluster, device, trial, event):
    prepare(cluster, trial, Row(event, "plain", ""))
    n2 = cluster.lab["n2"]
    with device.broken():
        happen(cluster, event)
        n2.wait_for(lambda: "fencing n1 failed" in n2("om svc1 explain").stdout)
        n2.wait_for(lambda: "fencing n1 failed" in n2("om mon").stdout, 30)  # not while it is tried again
        assert "n1" not in cluster.document(n2)["nodes"]["n2"]["gone"]
        cluster.stays(*(() if event == "A crashes" else ("n1",)), seconds=2.0)
    # tried again, and confirmed
    check(cluster, trial, Row(event, "plain", "down / up"))
    cluster.audit()
