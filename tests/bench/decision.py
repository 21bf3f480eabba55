"""The decision and the simulated cluster: what one decision costs, how the cost grows, and a quiet day in virtual time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.view import Guard, InstanceView, NodeView, ServiceView, View
from opensvc_daemon.simulation.run import simulate
from opensvc_daemon.simulation.story import parse

from opensvc_core.api import Status
from tests.bench.measure import shown, tell, timed

DAY = """cluster
node n1
node n2
node n3
service svc1 nodes=n1,n2,n3 guard=fence resource=fs#1
service svc2 nodes=n2,n3,n1 guard=fence resource=fs#1
calm at 86000 for 400
"""
NODES = ("n1", "n2", "n3", "n4", "n5")


def measure(_folder: Path) -> None:
    """One decision, by the number of services, and a day."""
    for condition, up in (("all of them up elsewhere", "n2"), ("all of them down and wanted", "")):
        for count in (10, 100, 1000):
            taken = timed(partial(decide, cluster(count, up), 100.0), runs=21)
            limit = 10.0 if count == 100 else None
            tell(f"one decision for {count} services on 5 nodes", taken, "ms", beside=condition, limit=limit)
    leaping, beating = (timed(partial(simulate, parse(DAY), leaps=leaps), runs=3) for leaps in (True, False))
    beside = f"without those that say nothing new {shown(leaping)}"
    tell("a quiet day of three simulated nodes, each beat sent", beating, "s", beside=beside, limit=10)


def cluster(count: int, up: str) -> View:
    """So many services with data at stake on five nodes, up on one of them or down."""
    statuses = {node: InstanceView(avail=Status.UP if node == up else Status.DOWN) for node in NODES}
    services = {
        f"svc{number}": ServiceView(f"svc{number}", NODES, dict(statuses), guard=Guard.FENCE, has_data_at_stake=True)
        for number in range(count)
    }
    return View("n1", {node: NodeView(node, can_be_fenced=True) for node in NODES}, services)
