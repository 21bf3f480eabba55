"""How soon a service is served again whose lease was held by a node that is cut off. Runs alone: it measures time."""

from __future__ import annotations

from statistics import median

import pytest
from cluster.isolation import BOUND, isolate, prepare
from lab import Lab, missing

# How often in a row, and how often that is tried again where the machine had no time for it.
TIMES, TRIES = 5, 3


@pytest.mark.timeout(600)
def test_it_is_served_again_within_the_lease_and_the_ready_period(told):
    if reason := missing():
        pytest.skip(reason)
    with Lab(3) as lab:
        cluster = prepare(lab)
        assert any(median(_served(cluster, told)) <= BOUND for _ in range(TRIES))


def _served(cluster, told):
    served = [isolate(cluster).served for _ in range(TIMES)]
    told(f"seconds until it was served again: {', '.join(f'{one:.2f}' for one in sorted(served))}; at most {BOUND:g} at the median")
    return served
