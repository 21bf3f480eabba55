"""A member that leaves and comes back, again and again: files go both ways each time."""

import pytest
from cluster.joining import join, joined, reaches


@pytest.fixture
def pair(lab):
    """Two members of a cluster with a quick heartbeat."""
    return joined(lab, "hb#1.timeout=2", "hb#1.interval=0.3")


def carried(source, target, key, word):
    """An edit of one node's cluster.conf comes to the other one."""
    source(f"om cluster set --kw {key}={word}")
    target.wait_for(lambda: target(f"om cluster get --kw {key}", code=None).stdout.strip() == word)


@pytest.mark.timeout(600)
def test_files_go_both_ways_after_each_return(pair):
    n1, n2 = pair
    n1.write("/etc/opensvc/svc1.conf", "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n")
    n2.wait_for(lambda: n2.exists("/etc/opensvc/svc1.conf"))
    for number in range(3):
        n2("om daemon leave")
        assert n2.exists("/var/lib/opensvc/node/frozen")
        n1.wait_for(lambda: n1("om node ls").stdout == "n1\n")
        join(n1, n2)
        carried(n1, n2, "cluster.lease", f"11{number}")
        carried(n2, n1, "cluster.lease", f"12{number}")
        n1(f"om svc1 set --kw env.n={number}")
        n2.wait_for(lambda number=number: n2("om svc1 get --kw env.n", code=None).stdout.strip() == str(number))
        n2("om node thaw")


@pytest.mark.timeout(600)
def test_a_heartbeat_moves_to_another_port_by_an_edit_on_one_node(pair):
    n1, n2 = pair
    carried(n1, n2, "hb#1.port", "10100")
    for node in pair:
        node.wait_for(lambda node=node: "running [::]:10100    | " in node("om mon").stdout)
        node.wait_for(lambda node=node: reaches(node) == {"beating"})
    carried(n2, n1, "hb#1.port", "10000")
    for node in pair:
        node.wait_for(lambda node=node: "running [::]:10000    | " in node("om mon").stdout)
        node.wait_for(lambda node=node: reaches(node) == {"beating"})
