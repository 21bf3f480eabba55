"""Addresses that somebody else has: who answers is found before anything is done."""

import subprocess
import sys
import threading
import time
from ipaddress import ip_address

import pytest
from opensvc_driver_ip import frames, probe

from opensvc_core.api import Conflict, Status
from opensvc_core.cli.render.log import TreeLog

OWN = ["10.99.0.1/24 eth0", "fd99::1/64"]


def test_an_address_that_a_neighbour_has_is_refused_at_once(one, network, lasting):
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    began = time.monotonic()
    with pytest.raises(Conflict, match="start aborted due to resource ip#0 conflict") as refused:
        one.has(one.ip()).do("start")
    assert time.monotonic() - began < lasting / 2, "an answer ends the questions"
    assert refused.value.seen == (f"ip#0: 10.99.0.50 is in use: answered by {network.mac(at_neighbour=True)} on eth0",)
    assert refused.value.exit_code == 5
    assert one.said(TreeLog())[-3:] == [
        "@ n:n1 o:web sc:n",
        "E start aborted due to resource ip#0 conflict",
        "  skip rollback start: no resource activated",
    ]
    assert network.addresses() == OWN


def test_an_ipv6_address_that_a_neighbour_has_is_refused(one, network):
    network.there("ip addr add fd99::50/64 dev eth0 nodad")
    with pytest.raises(Conflict) as refused:
        one.has(one.ip("fd99::50")).do("start")
    assert network.mac(at_neighbour=True) in refused.value.seen[0]
    assert network.addresses() == OWN


def test_who_is_about_to_take_the_address_is_a_conflict(one, network):
    program = (
        "import socket, sys, time\nchannel = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)\nchannel.bind(('eth0', 0x806))\n"
        "while True:\n    channel.send(bytes.fromhex(sys.argv[1]))\n    print(flush=True)\n    time.sleep(0.05)\n"
    )
    question = frames.arp_probe(frames.mac_bytes(network.mac(at_neighbour=True)), ip_address("10.99.0.50"))
    argv = ["nsenter", "-t", str(network.neighbour.pid), "-n", sys.executable, "-c", program, question.hex()]
    probing = subprocess.Popen(argv, stdout=subprocess.PIPE)
    try:
        assert probing.stdout.readline()
        with pytest.raises(Conflict):
            one.has(one.ip()).do("start")
    finally:
        probing.kill()
        probing.communicate()


def test_an_address_behind_a_router_is_pinged(one, network):
    network.there("ip addr add 10.98.0.50/32 dev lo")
    network.there("sysctl -qw net.ipv4.conf.eth0.arp_ignore=1")  # as a router, it doesn't answer for it by ARP
    network.run("ip route add 10.98.0.0/24 via 10.99.0.2")
    with pytest.raises(Conflict) as refused:
        one.has(one.ip("10.98.0.50", more="netmask = 32")).do("start")
    assert refused.value.seen == ("ip#0: 10.98.0.50 is in use: answered by a ping",)
    assert one.has(one.ip("10.98.0.50", more="netmask = 32\ntags = nonrouted")).do("start")
    assert one.seen() == (Status.UP, [])


def test_an_ipv6_address_behind_a_router_is_pinged(one, network):
    network.there("ip addr add fd98::50/128 dev lo")
    network.run("ip route add fd98::/64 via fd99::2")
    with pytest.raises(Conflict) as refused:
        one.has(one.ip("fd98::50", more="netmask = 128")).do("start")
    assert "in use: answered by" in refused.value.seen[0]


def test_an_address_without_a_route_is_nobody_s(one, network):
    assert one.has(one.ip("10.97.0.50", more="netmask = 32")).do("start")
    assert one.seen() == (Status.UP, [])


def test_an_address_on_another_device_of_this_host_is_refused_and_left_alone(one, network):
    network.run("ip addr add 10.99.0.50/32 dev lo")
    one.has(one.ip())
    assert one.seen() == (Status.WARN, ["10.99.0.50 is on lo, and should be on eth0"])
    with pytest.raises(Conflict) as refused:
        one.do("start")
    assert refused.value.seen == ("ip#0: 10.99.0.50 is on lo of this node",)
    assert one.do("stop") == []
    assert "10.99.0.50/32 lo" in network.addresses("lo")


def test_an_address_that_is_up_here_is_not_asked_for(one, network):
    network.run("ip addr add 10.99.0.50/24 dev eth0")
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    assert one.has(one.ip()).do("start") == []


def test_all_addresses_are_asked_for_at_the_same_time(one, monkeypatch):
    """Each waits until all four are being asked for."""
    together, who_has = threading.Barrier(4, timeout=30), probe.who_has
    with monkeypatch.context() as patch:
        patch.setattr(probe, "who_has", lambda *words, **more: together.wait() >= 0 and who_has(*words, **more))
        one.has("".join(one.ip(f"10.99.0.{50 + number}", rid=f"ip#{number}") for number in range(4))).do("start")
    assert [one.seen(f"ip#{number}")[0] for number in range(4)] == [Status.UP] * 4


def test_one_in_use_leaves_all_others_alone(one, network):
    network.there("ip addr add 10.99.0.51/24 dev eth0")
    with pytest.raises(Conflict, match=r"resource ip#1 conflict"):
        one.has(one.ip() + one.ip("10.99.0.51", rid="ip#1")).do("start")
    assert network.addresses() == OWN


def test_an_optional_one_is_left_out(one, network):
    text = one.ip() + one.ip("10.99.0.51", "eth7", "optional = true\nnetmask = 24", rid="ip#1")
    one.has(text).do("start")
    assert one.seen()[0] is Status.UP
    assert "ip#1: the device eth7 is not there; ipdev names another, or has to be made first" in [event.text for event in one.events]
