"""All heartbeats are cut and B alone reaches the arbitrator: A has lost the quorum and leaves the game; row by row, on real nodes."""

import pytest
from cluster.arbitrator import READY, Third, voted, wait_votes
from cluster.rows import check, prepare, rows
from cluster.services import Trial

pytestmark = [pytest.mark.lab(nodes=3), pytest.mark.timeout(600)]
TABLE = """
    | all heartbeats cut, quorum, B has it | plain | down / up   |
    |                                      | fB    | down / down |
    |                                      | FB    | down / down |
    | the same, split_action = crash       | fB    | down / down |
    | the same, split_action = reboot      | FB    | down / down |
"""
TRIAL = Trial(more="guard = fence")


@pytest.fixture(scope="module")
def cluster(module_lab, trial):
    Third(module_lab["n3"]).vote()
    return voted(module_lab, trial)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    n1, action = cluster.lab["n1"], row.event.partition("split_action = ")[2]
    if action:
        n1(f"om node set --kw node.split_action={action}")
    wait_votes(cluster, are_there=True)
    n1.cut()
    check(cluster, trial, row, period=READY)
    if action:
        n1.wait_for(lambda: "opensvc_daemon" not in n1("ps -e -o args").stdout)
        n1.power_off()
        n1.power_on()
        n1("om node unset --kw node.split_action")
    elif row.case != "plain":
        n1.wait_for(lambda: "1 of 3 votes" in n1.read("/var/log/opensvc/svc1.log"))
    cluster.audit()
