"""Commands on a cluster of two nodes with their real daemons: what one node orders, the other does and tells."""

import re

import pytest

FLAG = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n"


def is_up(node):
    return node.exists("/run/opensvc/svc/svc1/fs#1.flag")


@pytest.fixture
def pair(lab):
    """Two members; the service is made on the first one."""
    n1, n2 = lab.nodes
    for node in (n1, n2):
        node("om daemon start")
    n1("om cluster set --kw hb#1.type=unicast")
    secret = n1("om cluster get --kw cluster.secret").stdout
    n2("om daemon join --secret - --node n1", stdin=secret)
    n1.write("/etc/opensvc/svc1.conf", FLAG)
    for node in (n1, n2):
        node.wait_for(lambda node=node: re.search(r"^ svc1 .*\| X\^ +X", node("om mon").stdout, re.MULTILINE), 30)
    return n1, n2


@pytest.mark.timeout(120)
def test_orders_are_done_where_they_belong_and_told_everywhere(pair):
    n1, n2 = pair
    n2("om svc1 start --wait --time 30")
    assert is_up(n1)
    assert not is_up(n2)
    n1("om svc1 switch --wait --time 30")
    assert is_up(n2)
    logs = n1("om svc1 logs").stdout
    assert "@ n:n2 o:svc1 r:fs#1 sc:n" in logs
    assert "@ n:n1 o:svc1 r:fs#1 sc:n" in logs
    n1("om node drain --node n2 --wait --time 30")
    assert not is_up(n2)
    n1("om node undrain --node n2")
    n1("om svc1 takeover --to n2 --wait --time 30")
    assert is_up(n2)
    n1("om svc1 stop --wait --time 30")
    assert not is_up(n2)
    assert n2("om svc1 print status").stdout.count("frozen") == 2


@pytest.mark.timeout(120)
def test_one_direction_of_a_heartbeat_can_be_stopped(pair):
    n1, n2 = pair
    n1("om daemon stop hb#1.rx")
    n1.wait_for(lambda: "hb#1.rx   stopped" in n1("om mon").stdout, 20)
    n1("om daemon start hb#1.rx")
    n1.wait_for(lambda: "hb#1.rx   running" in n1("om mon").stdout, 20)
    n2.wait_for(lambda: "hb#1.rx   running [::]:10000    | O" in n2("om mon").stdout, 20)


@pytest.mark.timeout(120)
def test_a_member_leaves_and_takes_nothing_with_it(pair):
    n1, n2 = pair
    n1("om svc1 start --local")
    n2("om daemon leave")
    n1.wait_for(lambda: n1("om node ls").stdout == "n1\n", 20)
    assert is_up(n1)
    assert n2("om cluster get --kw hb#1.type", code=1).stdout == ""
