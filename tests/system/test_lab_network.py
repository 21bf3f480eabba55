"""The rings of the lab can be cut, lossy, slow and without carrier, each node by itself."""

from __future__ import annotations

import re
import time

import pytest
from lab.faults import Faults, rules

EAR = """
import os, select, socket, struct, sys
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.bind(("239.9.9.9", 7777))
ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.9.9.9") + socket.inet_aton(sys.argv[1]))
print("listening", flush=True)
# until it has heard something, or all is said
while not (ready := select.select([ear], [], [], 0.05)[0]) and not os.path.exists("/run/said"):
    pass
if ready or select.select([ear], [], [], 0)[0]:
    print(ear.recv(100).decode())
"""
MOUTH = """
import socket, sys
mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
mouth.sendto(sys.argv[1].encode(), ("239.9.9.9", 7777))
"""


@pytest.fixture
def nodes(module_lab):
    """Healthy nodes, healed at the end."""
    yield module_lab.nodes
    for node in module_lab.nodes:
        node.heal()
        node.loss(0)
        node.delay(0)
        for ring in (0, 1):
            node.carrier(ring, on=True)


pytestmark = pytest.mark.lab(nodes=3)


def test_every_node_reaches_every_other_on_both_rings_and_both_protocols(nodes):
    for node in nodes:
        for other in nodes:
            for address in (other.address(), other.address(1), f"fd99:0::{other.name[1:]}", f"fd99:1::{other.name[1:]}"):
                assert _reaches(node, address), (node, address)


def test_a_cut_node_reaches_nobody_and_the_others_do(nodes):
    n1, n2, n3 = nodes
    n1.cut()
    assert _misses(n1, n2.address()) and _misses(n1, n3.address(1))
    assert _reaches(n2, n3.address())
    n1.heal()
    n1.wait_for(lambda: _reaches(n1, n2.address()) and _reaches(n1, n3.address(1)))


def test_one_ring_can_be_cut(nodes):
    n1, n2, _ = nodes
    n1.cut(ring=0)
    assert _misses(n1, n2.address(0))
    assert _reaches(n1, n2.address(1))


@pytest.mark.parametrize(("direction", "heard"), [("in", {"n2": "from n1"}), ("out", {"n1": "from n2"}), ("both", {})])
def test_a_one_way_cut_lets_the_other_way_through(nodes, direction, heard):
    n1, n2, _ = nodes
    n1.cut(direction=direction)
    ears = {node.name: _listen(node) for node in (n1, n2)}
    for node in (n1, n2):
        _say(node, f"from {node.name}")
    found = {name: _heard(ears[name]) for name in heard}
    assert found == heard
    assert {_heard_at_last(node, ears[node.name]) for node in (n1, n2) if node.name not in heard} <= {None}


def test_multicast_arrives_everywhere_but_at_a_cut_node(nodes):
    n1, n2, n3 = nodes
    n3.cut(direction="in")
    ears = [_listen(node) for node in (n2, n3)]
    _say(n1, "hello")
    assert _heard(ears[0]) == "hello"
    assert _heard_at_last(n3, ears[1]) is None


def test_loss_loses_some_but_not_all(nodes):
    n1, n2, _ = nodes
    n1.loss(30)
    # of each way 70 % arrive, of both 49
    assert 15 < _received(n1, n2, 100) < 85
    n1.loss(0)
    assert _received(n1, n2, 100) == 100


def test_delay_delays_both_ways_on_both_rings_and_ends(nodes):
    n1, n2, n3 = nodes
    n1.delay(40, jitter=5)
    for address in (n2.address(0), n2.address(1)):
        assert _milliseconds(n1, address) >= 70
    n2.wait_for(lambda: _milliseconds(n2, n3.address()) < 40)
    n1.delay(0)
    n1.wait_for(lambda: _milliseconds(n1, n2.address()) < 40)


def test_faults_belong_to_the_port_and_outlast_a_power_cut(nodes):
    n1, n2, _ = nodes
    n1.cut(ring=0)
    n1.carrier(1, on=False)
    n1.delay(40)
    n1.power_off()
    n1.power_on()
    assert _misses(n1, n2.address(0))
    n1.wait_for(lambda: n1.read("/sys/class/net/eth1/carrier") == "0\n")
    n1.heal()
    n1.carrier(1, on=True)
    n1.wait_for(lambda: _reaches(n1, n2.address(1)) and _reaches(n1, n2.address(0)))
    assert _milliseconds(n1, n2.address()) >= 70


def test_a_node_sees_that_its_carrier_is_gone(nodes):
    n1, n2, _ = nodes
    n1.carrier(1, on=False)
    n1.wait_for(lambda: n1("cat /sys/class/net/eth1/carrier").stdout == "0\n")
    assert n1("cat /sys/class/net/eth0/carrier").stdout == "1\n"
    assert _misses(n2, n1.address(1))
    n1.carrier(1, on=True)
    n1.wait_for(lambda: n1("cat /sys/class/net/eth1/carrier").stdout == "1\n")
    n1.wait_for(lambda: _reaches(n2, n1.address(1)))


def test_an_address_moves_and_its_new_holder_says_so(nodes):
    n1, n2, n3 = nodes
    n1("ip addr add 10.99.0.60/24 dev eth0")
    assert n2("arping -q -D -c1 -w20 -I eth0 10.99.0.60", code=1)
    assert _reaches(n3, "10.99.0.60")
    n1("ip addr del 10.99.0.60/24 dev eth0")
    n2("ip addr add 10.99.0.60/24 dev eth0")
    n2("arping -q -U -c1 -I eth0 10.99.0.60")
    assert _reaches(n3, "10.99.0.60")
    n2("ip addr del 10.99.0.60/24 dev eth0")


def test_a_ring_that_is_not_there_is_refused(nodes):
    with pytest.raises(ValueError, match="no ring 2"):
        nodes[0].cut(2)
    with pytest.raises(ValueError, match="no ring 2"):
        nodes[0].carrier(2, on=False)


def test_what_a_node_receives_leaves_its_port_at_the_switch():
    faults = Faults(loss=12.5)
    faults.add_cut(1, "in")
    assert rules("n2", faults).splitlines() == [
        "flush chain bridge lab n2",
        'add rule bridge lab n2 oifname "n2p1" counter drop',
        'add rule bridge lab n2 iifname "n2p0" numgen random mod 10000 < 1250 counter drop',
        'add rule bridge lab n2 oifname "n2p0" numgen random mod 10000 < 1250 counter drop',
        'add rule bridge lab n2 iifname "n2p1" numgen random mod 10000 < 1250 counter drop',
        'add rule bridge lab n2 oifname "n2p1" numgen random mod 10000 < 1250 counter drop',
    ]


def _reaches(node, address):
    """An answer comes, sooner or later."""
    return node(f"ping -c1 -W20 {address}", code=None).code == 0


def _misses(node, address):
    """No answer comes for a while."""
    return node(f"ping -c1 -W0.3 {address}", code=None).code != 0


def _received(node, other, count):
    """How many of the pings came back."""
    seen = re.search(r"(\d+) received", node(f"ping -c{count} -i0.005 -W20 {other.address()}", code=None).stdout)
    return int(seen[1])


def _milliseconds(node, address):
    """The shortest round trip of three, so that a busy machine does not count."""
    return float(re.search(r"= ([\d.]+)/", node(f"ping -c3 -i0.05 -W20 {address}").stdout)[1])


def _listen(node):
    node("rm -f /run/said")
    node.write("/run/ear.py", EAR)
    process = node.begin(f"python /run/ear.py {node.address()}")
    assert process.stdout.readline() == "listening\n"
    return process


def _say(node, text):
    node.write("/run/mouth.py", MOUTH)
    node(f"python /run/mouth.py '{text}'")


def _heard(ear):
    return ear.communicate(timeout=60)[0].rstrip("\n") or None


def _heard_at_last(node, ear):
    """What an ear has heard that would have by now."""
    time.sleep(0.3)
    node.write("/run/said", "")
    return _heard(ear)
