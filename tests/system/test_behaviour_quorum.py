"""All heartbeats are cut and A alone reaches the arbitrator: A has the quorum and goes on; row by row, on real nodes."""

import pytest
from cluster.arbitrator import READY, Third, voted, wait_votes
from cluster.rows import check, prepare, rows
from cluster.services import Trial

pytestmark = [pytest.mark.lab(nodes=3), pytest.mark.timeout(600)]
TABLE = """
    | all heartbeats cut, quorum, A has it | plain | up / down |
    |                                      | fB    | up / down |
    |                                      | FB    | up / down |
"""
TRIAL = Trial(more="guard = fence")


@pytest.fixture(scope="module")
def third(module_lab):
    made = Third(module_lab["n3"])
    made.vote()
    return made


@pytest.fixture(scope="module")
def cluster(module_lab, third, trial):
    return voted(module_lab, trial)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_row(cluster, trial, row):
    prepare(cluster, trial, row)
    wait_votes(cluster, are_there=True)
    n1, n2 = cluster.nodes
    n2.cut()
    check(cluster, trial, row, period=READY)
    assert n1.is_up
    cluster.audit()


def test_a_plain_web_server_gives_no_vote(cluster, third, trial):
    cluster.restore(trial)
    third.serve_files()
    wait_votes(cluster, are_there=False)
    cluster.lab["n1"].cut(ring=0)
    cluster.wait_alive()
    for node in cluster.nodes:
        node.wait_for(lambda node=node: "this part of the cluster has 1 of 3 votes" in node("om svc1 explain").stdout)
    cluster.stays(seconds=cluster.timeout + READY + 1.0)
    assert all(node.is_up for node in cluster.nodes)
    cluster.audit()
