"""The network: what arrives, how late, how often."""

from random import Random

import pytest
from opensvc_daemon.simulation.agenda import Agenda
from opensvc_daemon.simulation.network import SLOWEST, Network


@pytest.fixture
def net():
    network = Network(Agenda(), Random(1), ("hb#1", "hb#2"))
    network.agenda = network._agenda
    return network


def arrivals(net, count=1, start="n1", end="n2"):
    """When and over which link messages arrive, with their numbers."""
    found = []
    for number in range(count):
        net.send(start, end, lambda link, number=number: found.append((net.agenda.now, link, number)))
    net.agenda.run(net.agenda.now + 100.0)
    return found


def test_a_message_arrives_soon_over_each_link(net):
    found = arrivals(net)
    assert {link for _, link, _ in found} == {"hb#1", "hb#2"}
    assert all(0 < at <= SLOWEST for at, _, _ in found)


def test_a_cut_is_of_one_direction(net):
    net.change("n1", "n2", is_cut=True)
    assert arrivals(net) == []
    assert len(arrivals(net, start="n2", end="n1")) == 2
    assert not net.is_open("n1", "n2")
    assert net.is_open("n2", "n1")


def test_a_cut_of_one_link_leaves_the_other(net):
    net.change("n1", "n2", ["hb#1"], is_cut=True)
    assert {link for _, link, _ in arrivals(net)} == {"hb#2"}
    assert net.is_open("n1", "n2")


def test_a_share_is_lost(net):
    net.change("n1", "n2", loss=0.5)
    assert 300 < len(arrivals(net, 500)) < 700


def test_a_share_is_doubled(net):
    net.change("n1", "n2", double=1.0)
    assert len(arrivals(net)) == 4


def test_jitter_makes_messages_overtake_each_other(net):
    net.change("n1", "n2", ["hb#1"], delay=1.0, jitter=2.0)
    numbers = [number for at, link, number in arrivals(net, 50) if link == "hb#1"]
    assert sorted(numbers) == list(range(50))
    assert numbers != sorted(numbers)


def test_healed_ways_are_forgotten(net):
    net.change("n1", "n2", is_cut=True)
    assert net.is_steady
    net.change("n1", "n2", is_cut=False, loss=0.1)
    assert not net.is_steady
    net.change("n1", "n2", loss=0.0)
    assert net.is_fine
