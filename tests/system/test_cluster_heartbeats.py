"""Heartbeats under the daemon: by multicast, by a disk, by all three ways at once; what is told of each, and when a service moves."""

import pytest
from cluster import Cluster, started
from cluster.device import FENCES, Device
from cluster.services import Trial

UNICAST = "type = unicast\naddr@n1 = 10.99.0.1\naddr@n2 = 10.99.0.2\n"
MULTICAST = "type = multicast\nintf = eth1\n"
DISK = "type = disk\ndev = /run/shared/hb\n"
TRIAL = Trial(more="guard = fence")
pytestmark = pytest.mark.timeout(120)


def made(lab, *sections):
    """Two members with these heartbeats that can fence each other, and a service on n1."""
    Device(lab)
    heartbeats = "\n".join(f"[hb#{number}]\n{text}" for number, text in enumerate(sections, 1))
    words = {"timeout": 2.0, "heartbeats": heartbeats, "more": FENCES, "fence_delay": 0.5}
    if DISK in sections:
        lab.disk("hb", 16)
        for node in lab.nodes:
            node.write("/etc/opensvc/cluster.conf", Cluster(lab, **words).text, 0o600)
        lab["n1"](f"om node prepare hb#{sections.index(DISK) + 1}")
    return started(lab, TRIAL, **words)


def links(node):
    """The heartbeats in `om mon`: the state of each direction, and what it says of n1 and n2."""
    rows = [line.split("|") for line in node("om mon").stdout.splitlines() if line.startswith(" hb#")]
    return {row[0].split()[0]: (row[0].split()[1], "".join(row[1].split())) for row in rows}


def shows(node, **wanted):
    """Wait until it shows so: `hb1_rx="O"` for what it hears of the other one, or a state."""
    other = "/{}" if node.name == "n1" else "{}/"

    def is_so():
        found = {name.replace("#", "").replace(".", "_"): told for name, told in links(node).items()}
        told = {name: found.get(name, ("", "")) for name in wanted}
        return all(word == told[name][0] or ("running", other.format(word)) == told[name] for name, word in wanted.items())

    node.wait_for(is_so, 30)


@pytest.mark.parametrize("section", [MULTICAST, DISK], ids=["multicast", "disk"])
def test_one_way_alone_carries_a_cluster(lab, section):
    cluster = made(lab, section)
    n1, n2 = cluster.nodes
    for node in cluster.nodes:
        shows(node, hb1_rx="O", hb1_tx="O")
    if section is DISK:
        n1.cut()
    n2("om svc1 freeze --wait --time 30")
    n2("om svc1 thaw --wait --time 30")
    n1.power_off()
    cluster.wait_alive("n2")
    shows(n2, hb1_rx="X", hb1_tx="X")
    cluster.audit()


def test_a_service_moves_when_the_last_of_three_ways_is_silent_and_not_before(lab):
    cluster = made(lab, UNICAST, MULTICAST, DISK)
    n1, n2 = cluster.nodes
    for node in cluster.nodes:
        shows(node, **{f"hb{number}_{way}": "O" for number in (1, 2, 3) for way in ("rx", "tx")})
    # one direction of one of them is stopped and started
    n1("om daemon stop hb#2.rx")
    shows(n1, hb1_rx="O", hb2_rx="stopped", hb2_tx="O", hb3_rx="O")
    shows(n2, hb1_tx="O", hb2_rx="O", hb2_tx="X", hb3_tx="O")
    n1("om daemon start hb#2.rx")
    shows(n1, hb2_rx="O")
    shows(n2, hb2_tx="O")
    # the disk is left: orders and their answers go over it, and are not held up by what is cut
    n2.cut()
    for node in cluster.nodes:
        shows(node, hb1_rx="X", hb2_rx="X", hb3_rx="O")
    cluster.stays("n1", seconds=cluster.timeout + 1)
    n1("om svc1 switch --wait --time 30")
    cluster.wait_told("svc1", "n2")
    # the last one
    n2("om daemon stop hb#3.tx")
    cluster.wait(lambda: not n2.is_up, "n2 is fenced")
    cluster.wait_alive("n1")
    shows(n1, hb1_rx="X", hb2_rx="X", hb3_rx="X")
    cluster.audit()
