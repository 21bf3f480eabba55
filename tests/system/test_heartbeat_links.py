"""Heartbeats between nodes: cables, interfaces, addresses, names and disks that go away and come back."""

import json
import shlex
import time
from pathlib import Path

import pytest
from opensvc_driver_hb_disk.pages import BEAT, FIRST_SLOT, PAGE, SLOT

TALKER = Path(__file__).with_name("heartbeat_talker.py")
INTERVAL = 0.1
GIVE = """
import json, sys
from opensvc_core.driver.cluster import HeartbeatLink, LinkPlace
from opensvc_core.registry import Registry
asked = json.loads(sys.argv[1])
link = Registry({}).plugged(asked["driver"], HeartbeatLink)(LinkPlace("hb#1", asked["node"], "lab", asked["peers"]), asked["values"])
try:
    link.send_data(asked["to"], b"x" * 1000000)
except OSError as error:
    sys.exit(str(error))
"""


class Talk:
    """A heartbeat that all nodes of a lab talk over; `values` gives each node those of its section."""

    def __init__(self, lab, driver, values, name="a"):
        self.lab, self.driver, self.file = lab, driver, f"/run/talk.{name}.json"
        self.values = {node.name: {"interval": INTERVAL, **values(node)} for node in lab.nodes}

    def asked(self, node, **more):
        peers = {name: values for name, values in self.values.items() if name != node.name}
        return {"driver": self.driver, "node": node.name, "peers": peers, "values": self.values[node.name], "file": self.file, **more}

    def begin(self, *nodes):
        for node in nodes or self.lab.nodes:
            node.begin(f"python {TALKER} {shlex.quote(json.dumps(self.asked(node)))}")

    def seen(self, node):
        return json.loads(node.read(self.file)) if node.exists(self.file) else {"heard": {}}

    def counts(self, node):
        """How many beats a node has heard of each other."""
        found = {name: 0 for name in self.values if name != node.name}
        for text, count in self.seen(node)["heard"].items():
            found[text.split()[0]] += count
        return found

    def hears(self, node, *others, seconds=10):
        """Whether a node hears three more beats of each of the others."""
        before = self.counts(node)
        names = [other.name for other in others] or list(before)
        node.wait_for(lambda: all(self.counts(node)[name] >= before[name] + 3 for name in names), seconds)
        return True

    def is_deaf(self, node):
        """Whether nothing is heard for a while, once what was under way has come."""

        def heard_nothing():
            before = self.counts(node)
            time.sleep(6 * INTERVAL)
            return self.counts(node) == before

        node.wait_for(heard_nothing, 10)
        return True

    def says(self, node, word, text):
        node.wait_for(lambda: text in str(self.seen(node).get(word, "")), 10)
        return True

    def gives(self, node, other, code=0):
        """Send a megabyte, as soon as the other one listens; what was said of it."""

        def give():
            asked = shlex.quote(json.dumps(self.asked(node, to=other.name)))
            given.append(node(f"python -c {shlex.quote(GIVE)} {asked}", code=None, timeout=30))
            return "refused" not in given[-1].stderr

        given = []
        node.wait_for(give, 10)
        assert given[-1].code == code, given[-1]
        return given[-1].stderr


def by_address(ring=0):
    return lambda node: {"addr": str(node.address(ring)), "port": 10000 + ring}


def by_interface(driver):
    return (lambda node: {"intf": "eth1", "addr": str(node.address(1))}) if driver == "hb.unicast" else (lambda _node: {"intf": "eth1"})


def names(lab):
    for node in lab.nodes:
        lab.hosts(node.name, str(node.address()))


@pytest.mark.lab(nodes=3)
@pytest.mark.parametrize("driver", ["hb.unicast", "hb.multicast"])
def test_by_default_nodes_hear_each_other_by_their_names(lab, driver):
    names(lab)
    talk = Talk(lab, driver, lambda _node: {})
    talk.begin()
    assert all(talk.hears(node) for node in lab.nodes)
    n1, n2, n3 = lab.nodes
    assert set(talk.seen(n1)["heard"]) == {"n2 from 10.99.0.2", "n3 from 10.99.0.3"}
    assert [talk.seen(node)[word] for node in lab.nodes for word in ("rx", "tx", "data_rx", "troubles")] == ["", "", "", {}] * 3
    talk.gives(n1, n2)
    talk.gives(n3, n2)
    n2.wait_for(lambda: talk.seen(n2)["data"] == [1_000_000] * 2)


@pytest.mark.parametrize("driver", ["hb.unicast", "hb.multicast"])
def test_ipv6_alone(lab, driver):
    names(lab)
    values = {
        "hb.unicast": lambda node: {"addr": f"fd99:0::{node.name[1:]}"},
        "hb.multicast": lambda _node: {"group": "ff02::77:29", "intf": "eth0"},
    }
    talk = Talk(lab, driver, values[driver])
    talk.begin()
    assert all(talk.hears(node) for node in lab.nodes)
    assert all(":" in text.split()[-1] for text in talk.seen(lab["n1"])["heard"])


@pytest.mark.parametrize("driver", ["hb.unicast", "hb.multicast"])
def test_a_ring_that_is_cut_is_deaf_and_the_other_one_is_not(lab, driver):
    n1, n2 = lab.nodes
    rings = [
        Talk(lab, "hb.unicast", by_address(0), name="first"),
        Talk(lab, driver, by_interface(driver), name="second"),
    ]
    for talk in rings:
        talk.begin()
    assert all(talk.hears(node) for talk in rings for node in lab.nodes)
    n2.cut(ring=1)
    assert rings[1].is_deaf(n1) and rings[1].is_deaf(n2)
    assert rings[0].hears(n1) and rings[0].hears(n2)
    n2.heal()
    assert rings[1].hears(n1) and rings[1].hears(n2)


def test_one_direction_that_is_cut(lab):
    n1, n2 = lab.nodes
    talk = Talk(lab, "hb.unicast", by_address())
    talk.begin()
    assert talk.hears(n1) and talk.hears(n2)
    n2.cut(direction="in")
    assert talk.is_deaf(n2)
    assert talk.hears(n1)
    n2.heal()
    assert talk.hears(n2)


@pytest.mark.parametrize("driver", ["hb.unicast", "hb.multicast"])
def test_a_cable_that_is_pulled_is_told_and_put_back(lab, driver):
    n1, n2 = lab.nodes
    talk = Talk(lab, driver, by_interface(driver))
    talk.begin()
    assert talk.hears(n1) and talk.hears(n2)
    n2.carrier(1, on=False)
    assert talk.says(n2, "rx", "the interface eth1 has no carrier")
    assert talk.says(n2, "tx", "the interface eth1 has no carrier")
    assert talk.says(n2, "data_rx", "the interface eth1 has no carrier")
    n2.carrier(1, on=True)
    assert talk.hears(n1) and talk.hears(n2)
    n2.wait_for(lambda: talk.seen(n2)["tx"] == "")


@pytest.mark.parametrize("driver", ["hb.unicast", "hb.multicast"])
def test_an_interface_that_is_made_anew_is_used_anew(lab, driver):
    """Its name comes back with another number."""
    n1, n2 = lab.nodes
    for node in lab.nodes:
        _macvlan(node)
    values = {"hb.unicast": lambda node: {"addr": f"10.98.0.{node.name[1:]}", "intf": "hb0"}, "hb.multicast": lambda _node: {"intf": "hb0"}}
    talk = Talk(lab, driver, values[driver])
    talk.begin()
    assert talk.hears(n1) and talk.hears(n2)
    n2("ip link delete hb0")
    assert talk.says(n2, "rx", "the interface hb0 is not there")
    assert talk.says(n2, "tx", "the interface hb0 is not there")
    _macvlan(n2)
    assert talk.hears(n1) and talk.hears(n2)


def _macvlan(node):
    node("ip link add hb0 link eth1 type macvlan mode bridge")
    node(f"ip address add 10.98.0.{node.name[1:]}/24 dev hb0")
    node("ip link set hb0 up")


def test_multicast_follows_the_routes_where_no_interface_is_named(lab):
    n1, n2 = lab.nodes
    names(lab)
    for node in lab.nodes:
        node("ip route replace 224.0.0.0/4 dev eth0")
    talk = Talk(lab, "hb.multicast", lambda _node: {})
    talk.begin()
    assert talk.hears(n1) and talk.hears(n2)
    for node in lab.nodes:
        node("ip route replace 224.0.0.0/4 dev eth1")
    n2.cut(ring=0)
    assert talk.hears(n1) and talk.hears(n2)
    assert "n2 from 10.99.1.2" in talk.seen(n1)["heard"]


def test_an_address_that_goes_away_and_comes_back(lab):
    n1, n2 = lab.nodes
    talk = Talk(lab, "hb.unicast", by_address())
    talk.begin()
    assert talk.hears(n1) and talk.hears(n2)
    n2("ip address del 10.99.0.2/24 dev eth0")
    assert talk.says(n2, "tx", "10.99.0.1: ")
    n2("ip address add 10.99.0.2/24 dev eth0")
    assert talk.hears(n1) and talk.hears(n2)


def test_a_route_that_is_missing_is_told_and_the_beats_go_on_when_it_is_there(lab):
    n1, n2 = lab.nodes
    for node in lab.nodes:
        node(f"ip address add 10.97.0.{node.name[1:]}/32 dev lo")
    talk = Talk(lab, "hb.unicast", lambda node: {"addr": f"10.97.0.{node.name[1:]}"})
    talk.begin()
    assert talk.says(n1, "tx", "10.97.0.2: Network is unreachable")
    n1("ip route add 10.97.0.2 via 10.99.0.2")
    n2("ip route add 10.97.0.1 via 10.99.0.1")
    assert talk.hears(n1) and talk.hears(n2)


def test_a_firewall_that_refuses_to_send_is_told(lab):
    n1, _ = lab.nodes
    talk = Talk(lab, "hb.unicast", by_address())
    talk.begin()
    assert talk.hears(n1)
    n1("nft add table inet t")
    n1("nft 'add chain inet t out { type filter hook output priority 0; }'")
    n1("nft add rule inet t out udp dport 10000 reject")
    assert talk.says(n1, "tx", "10.99.0.2: Operation not permitted")
    n1("nft delete table inet t")
    n1.wait_for(lambda: talk.seen(n1)["tx"] == "")


def test_a_name_that_moves_to_another_address(lab):
    """And one that is unknown at first."""
    n1, n2 = lab.nodes
    lab.hosts("n2-hb", "10.99.1.2")
    talk = Talk(lab, "hb.unicast", lambda node: {"addr": f"{node.name}-hb"})
    talk.values["n2"]["addr"] = "n2-hb"
    talk.begin()
    assert talk.says(n2, "tx", "the name n1-hb does not resolve")
    lab.hosts("n1-hb", "10.99.1.1")
    assert talk.hears(n1) and talk.hears(n2)


def test_loss_costs_beats_and_nothing_else(lab):
    n1, n2 = lab.nodes
    talk = Talk(lab, "hb.unicast", by_address())
    talk.begin()
    n2.loss(30)
    assert talk.hears(n1, seconds=20) and talk.hears(n2, seconds=20)
    assert talk.seen(n1)["tx"] == talk.seen(n2)["tx"] == ""


def test_data_to_a_node_that_is_cut_off_is_given_up_in_time(lab):
    n1, n2 = lab.nodes
    talk = Talk(lab, "hb.unicast", by_address())
    talk.begin()
    talk.gives(n1, n2)
    n2.cut()
    begun = time.monotonic()
    assert "n2: 10.99.0.2:10000: timed out" in talk.gives(n1, n2, code=1)
    assert time.monotonic() - begun < 10


def disk(lab):
    lab.disk("hb", megabytes=16)
    for node in lab.nodes:
        node("om cluster set --kw cluster.name=lab --kw hb#1.type=disk --kw hb#1.dev=/run/shared/hb")
    return Talk(lab, "hb.disk", lambda _node: {"dev": "/run/shared/hb"})


@pytest.mark.lab(nodes=3)
def test_a_disk_carries_beats_and_data_without_any_network(lab):
    talk = disk(lab)
    n1, n2, n3 = lab.nodes
    talk.begin()
    assert talk.says(n1, "rx", "/run/shared/hb is not prepared for heartbeats: 'om node prepare hb#1'")
    assert "prepared for 15 nodes" in n1("om node prepare hb#1").stdout
    for node in lab.nodes:
        node.cut()
    assert all(talk.hears(node, seconds=20) for node in lab.nodes)
    talk.gives(n1, n2)
    talk.gives(n3, n2)
    n2.wait_for(lambda: talk.seen(n2)["data"] == [1_000_000] * 2)


def test_a_node_that_comes_back_after_a_power_cut_has_its_slot_again(lab):
    talk = disk(lab)
    n1, n2 = lab.nodes
    n1("om node prepare hb#1")
    talk.begin()
    assert talk.hears(n1, seconds=20) and talk.hears(n2, seconds=20)
    n2.power_off()
    assert talk.is_deaf(n1)
    slots = {text.split()[-1] for text in talk.seen(n1)["heard"]}
    n2.power_on()
    lab_disk = n2("readlink -f /run/shared/hb").stdout.strip()
    assert lab_disk.startswith("/dev/loop")
    talk.begin(n2)
    assert talk.hears(n1, seconds=20) and talk.hears(n2, seconds=20)
    assert {text.split()[-1] for text in talk.seen(n1)["heard"]} == slots


def test_a_node_that_is_frozen_in_between_hears_nothing_old(lab):
    talk = disk(lab)
    n1, n2 = lab.nodes
    n1("om node prepare hb#1")
    talk.begin()
    assert talk.hears(n1, seconds=20) and talk.hears(n2, seconds=20)
    n2.freeze()
    assert talk.is_deaf(n1)
    n2.thaw()
    assert talk.hears(n1) and talk.hears(n2)


def test_garbage_on_the_disk_is_not_heard(lab):
    talk = disk(lab)
    n1, n2 = lab.nodes
    n1("om node prepare hb#1")
    talk.begin()
    assert talk.hears(n1, seconds=20) and talk.hears(n2, seconds=20)
    slot = int(next(iter(talk.seen(n1)["heard"])).split("[")[1].rstrip("]"))
    place = (FIRST_SLOT + slot * SLOT) // PAGE + BEAT
    for _ in range(20):
        n1(f"dd if=/dev/urandom of=/run/shared/hb bs={PAGE} count=1 seek={place} oflag=direct status=none")
    assert talk.hears(n1, seconds=20) and talk.hears(n2, seconds=20)
    assert len(talk.seen(n1)["heard"]) == 1
