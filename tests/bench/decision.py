"""The decision and the simulated cluster: what one decision costs, how the cost grows, and a quiet day in virtual time."""

from __future__ import annotations

from functools import partial

from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.view import Guard, InstanceView, NodeView, ServiceView, View
from opensvc_daemon.simulation.run import simulate
from opensvc_daemon.simulation.story import parse

from opensvc_core.api import Status
from tests.bench.measure import report, timed

DAY = """cluster
node n1
node n2
node n3
service svc1 nodes=n1,n2,n3 guard=fence resource=fs#1
service svc2 nodes=n2,n3,n1 guard=fence resource=fs#1
calm at 86000 for 400
"""
NODES = ("n1", "n2", "n3", "n4", "n5")


def measure() -> None:
    """A line for each figure."""
    for title, up in (("all of them up elsewhere", "n2"), ("all of them down and wanted", "")):
        ten, hundred, thousand = (timed(partial(decide, cluster(count, up), 100.0), runs=21) for count in (10, 100, 1000))
        beside = f"{title}; 10 services {ten * 1e3:.2f} ms, 1,000 services {thousand * 1e3:.0f} ms"
        report("one decision for 100 services on 5 nodes", hundred, beside, 0.010)
    leaping, beating = (timed(partial(simulate, parse(DAY), leaps=leaps), runs=1) for leaps in (True, False))
    report("a quiet day of three nodes, each beat sent", beating, f"without those that say nothing new {leaping * 1e3:.0f} ms", 10.0)


def cluster(count: int, up: str) -> View:
    """So many services with data at stake on five nodes, up on one of them or down."""
    statuses = {node: InstanceView(avail=Status.UP if node == up else Status.DOWN) for node in NODES}
    services = {
        f"svc{number}": ServiceView(f"svc{number}", NODES, dict(statuses), guard=Guard.FENCE, has_data_at_stake=True)
        for number in range(count)
    }
    return View("n1", {node: NodeView(node, can_be_fenced=True) for node in NODES}, services)
