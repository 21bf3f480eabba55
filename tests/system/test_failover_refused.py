"""A failover that must not be: somebody else answers for the service's address."""

from __future__ import annotations

import pytest
from cluster import Cluster
from cluster.failovers import ADDRESS
from cluster.services import Trial
from lab import Lab

pytestmark = [pytest.mark.lab(nodes=3), pytest.mark.timeout(600)]


def test_somebody_who_answers_in_the_ready_period_keeps_the_peer_from_starting(lab: Lab) -> None:
    cluster = Cluster(lab, names=["n1", "n2"])
    cluster.start()
    cluster.add(Trial(address=ADDRESS))
    n1, n2, n3 = lab.nodes
    n3(f"ip addr add {ADDRESS}/24 dev eth0")
    n1.power_off()
    cluster.wait(lambda: "start failed" in n2.read("/var/log/opensvc/svc1.log"), "the start on n2 fails")
    assert f"ip#1: {ADDRESS} is in use: answered by" in n2.read("/var/log/opensvc/svc1.log")
    n2.wait_for(lambda: "start failed" in n2("om svc1 explain").stdout)
    assert "n2" not in {one.node for one in cluster.intervals()}
    n3(f"ip addr del {ADDRESS}/24 dev eth0")
    n2("om svc1 clear")
    cluster.wait_alive("n2")
