"""Three nodes, no fencing, data at stake: who holds the lease and is cut off ends the service before another node serves it.

How soon that is, tests/alone has: here other tests run at the same time.
"""

from __future__ import annotations

import pytest
from cluster.isolation import isolate, prepare

pytestmark = pytest.mark.lab(nodes=3)
TIMES = 10


@pytest.fixture(scope="module")
def cluster(module_lab):
    return prepare(module_lab)


@pytest.mark.parametrize("turn", range(1, TIMES + 1))
def test_an_isolated_holder_has_ended_before_another_node_begins(cluster, turn, told):
    one = isolate(cluster)
    told(one)
    assert one.ended < one.served
