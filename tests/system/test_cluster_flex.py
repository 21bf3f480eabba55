"""A flex service on three nodes: as many instances as wanted, on the preferred nodes, whatever becomes of one of them."""

import pytest
from cluster import Cluster
from cluster.services import Trial

pytestmark = [pytest.mark.lab(nodes=3), pytest.mark.timeout(120)]
TRIAL = Trial(nodes="n1 n2 n3", more="topology = flex\nflex_min = 2\nflex_target = 2\nflex_max = 3")
NODES = ("n1", "n2", "n3")


@pytest.fixture(scope="module")
def cluster(module_lab):
    """Its two instances are up on the first two nodes."""
    made = Cluster(module_lab, timeout=3.0)
    made.start()
    made.put(TRIAL)
    made.wait_alive("n1", "n2")
    made.wait_told("svc1", "n1", "n2")
    return made


@pytest.fixture
def nodes(cluster):
    """All of them on, and two instances up."""
    cluster.begin()
    cluster.wait(lambda: len(cluster.alive()) == 2, "two are up")
    return cluster.nodes


def row(node):
    """The service in `om mon`: its state, what the cluster does with it, and the first sign of each node."""
    text = node("om mon").stdout
    (head, cells) = next(line.split("|") for line in text.splitlines() if line.startswith(" svc1 "))
    _, state, kind, count = head.split()
    return state.rstrip("!^"), kind, count, "".join(cell[0] for cell in cells.split())


def shows(cluster, node, state, count, signs):
    """Wait until `om mon` shows so."""
    cluster.wait(lambda: row(node) == (state, "flex", count, signs), f"{state} {count} {signs}")


def test_as_many_run_as_wanted_and_the_number_may_be_changed(cluster, nodes):
    n1, n2, n3 = nodes
    n3("om svc1 stop --wait --time 30")
    cluster.wait_alive()
    shows(cluster, n3, "down", "0/2", "XXX")
    n3("om svc1 start --wait --time 30")
    cluster.wait_alive("n1", "n2")
    shows(cluster, n3, "up", "2/2", "OOX")
    n2("om svc1 set --kw flex_target=3")
    cluster.wait_alive(*NODES)
    shows(cluster, n1, "up", "3/3", "OOO")
    n1("om svc1 set --kw flex_target=2")
    cluster.wait_alive("n1", "n2")
    shows(cluster, n1, "up", "2/2", "OOX")


def test_a_node_that_is_lost_is_replaced_and_takes_nothing_back(cluster, nodes):
    _, n2, n3 = nodes
    gone = next(node for node in nodes if node.name in cluster.alive() and node is not n2)
    gone.power_off()
    left = {node.name for node in nodes} - {gone.name}
    cluster.wait_alive(*left)
    shows(cluster, n2, "up", "2/2", "".join("?" if name == gone.name else "O" for name in NODES))
    other = next(node for node in nodes if node is not n2 and node is not gone)
    other.power_off()
    cluster.wait_alive("n2")
    shows(cluster, n2, "warn", "1/2", "?O?")
    cluster.begin()
    cluster.wait(lambda: len(cluster.alive()) == 2, "one has joined it")
    before = cluster.alive()
    assert "n2" in before
    shows(cluster, n3, "up", "2/2", "".join("O" if name in before else "X" for name in NODES))
    cluster.stays(*before, seconds=1)


def test_a_node_that_is_drained_hands_its_instance_to_another_one(cluster, nodes):
    _, n2, n3 = nodes
    assert "n2" in cluster.alive()
    n3("om node drain --node n2 --wait --time 30")
    cluster.wait_alive("n1", "n3")
    shows(cluster, n2, "up", "2/2", "OXO")
    n2("om node undrain")
    cluster.stays("n1", "n3", seconds=1)
    shows(cluster, n2, "up", "2/2", "OXO")
