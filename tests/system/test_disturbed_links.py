"""Three nodes with two heartbeats, and links that are half dead, lossy or slow: nothing moves, and it is told what is wrong."""

from __future__ import annotations

import pytest
from cluster import Cluster
from cluster.services import Trial

pytestmark = pytest.mark.lab(nodes=3)
TIMEOUT = 1.0
# both rings: one heartbeat each
HEARTBEATS = "[hb#1]\ntype = unicast\n\n[hb#2]\ntype = unicast\nport = 10001\n" + "".join(f"addr@n{i} = 10.99.1.{i}\n" for i in (1, 2, 3))
# no data is at stake: it would be started elsewhere as soon as its node counts as silent
TRIAL = Trial(nodes="n1 n2 n3")
WHILE = 4.0  # seconds: T and the ready period pass three times


@pytest.fixture(scope="module")
def made(module_lab):
    cluster = Cluster(module_lab, timeout=TIMEOUT, heartbeats=HEARTBEATS)
    cluster.start()
    cluster.add(TRIAL)
    return cluster


@pytest.fixture
def cluster(made):
    yield made
    made.restore(TRIAL)
    made.audit()


def reach(cluster, me, of):
    """How one node says that it reaches another one."""
    return cluster.document(cluster.lab[me])["nodes"][of]["reach"]


def hears(cluster, me, link, of):
    """Whether a node hears another one over a heartbeat."""
    return cluster.document(cluster.lab[me])["nodes"][me]["threads"][f"{link}.rx"]["beating"][of]


def test_one_of_two_heartbeats_is_dead(cluster):
    cluster.lab["n1"].cut(1)
    cluster.wait(lambda: not any(hears(cluster, me, "hb#2", of) for me, of in [("n1", "n2"), ("n1", "n3"), ("n2", "n1")]), "hb#2 is told")
    cluster.stays("n1", seconds=WHILE)
    cluster.wait(lambda: hears(cluster, "n2", "hb#1", "n1") and hears(cluster, "n2", "hb#2", "n3"), "the others are heard")
    cluster.wait(lambda: reach(cluster, "n2", "n1") == "beating", "n1 is heard")


def test_a_holder_that_hears_nobody_keeps_what_it_has(cluster):
    """The others hear it: it is alive, and says that it has the service."""
    cluster.lab["n1"].cut(direction="in")
    cluster.wait(lambda: reach(cluster, "n2", "n1") == "heard" and reach(cluster, "n3", "n1") == "heard", "n1 is heard, and deaf")
    cluster.stays("n1", seconds=WHILE)


def test_each_node_lacks_another_ring(cluster):
    for node, ring in (("n1", 0), ("n3", 1)):
        cluster.lab[node].cut(ring)
    # n1 and n3 have no ring in common: they are silent for each other, and n2 hears both
    cluster.wait(lambda: reach(cluster, "n3", "n1") not in ("beating", "heard"), "n3 does not hear n1")
    cluster.stays("n1", seconds=WHILE)
    cluster.wait(lambda: reach(cluster, "n2", "n1") == reach(cluster, "n2", "n3") == "beating", "n2 hears both")


def test_a_third_of_all_frames_is_lost(cluster):
    cluster.lab["n1"].loss(30)
    cluster.stays("n1", seconds=2 * WHILE)
    cluster.wait(lambda: reach(cluster, "n2", "n1") == "beating", "n1 is heard")


def test_frames_are_late_by_200_ms_more_or_less(cluster):
    cluster.lab["n1"].delay(200, jitter=100)
    cluster.stays("n1", seconds=2 * WHILE)
    cluster.wait(lambda: reach(cluster, "n2", "n1") == reach(cluster, "n1", "n2") == "beating", "they hear each other")
    cluster.lab["n3"]("om svc1 switch --to n3 --wait --time 60")
    cluster.wait_alive("n3")


def counted(cluster):
    """The heartbeats over which n2 hears n1, and whether it has counted more than a few beats of each."""
    late = cluster.document(cluster.lab["n2"])["nodes"]["n1"]["lateness"]
    return {link: sum(one["counts"]) > 10 for link, one in late.items()}


def test_how_late_beats_are_is_told(cluster):
    status = cluster.lab["n2"]("om daemon status --format json").stdout
    assert all(name in status for name in ('"lateness"', '"p999"', '"worst"'))
    cluster.wait(lambda: counted(cluster) == {"hb#1": True, "hb#2": True}, "the beats of n1 are counted over both")


def test_who_beats_and_who_decides_come_before_what_is_carried_out(cluster):
    lines = [line.split(maxsplit=1) for line in cluster.lab["n1"]("ps -eo ni,args").stdout.splitlines()]
    nice = {part: first for first, line in lines for part in ("monitor", "beat", "runner", "witness.py") if f"{part} " in line}
    assert (nice["monitor"], nice["runner"], nice["witness.py"]) == ("-15", "0", "0")
    assert nice["beat"] in ("-20", "-")  # nice, or of real time
