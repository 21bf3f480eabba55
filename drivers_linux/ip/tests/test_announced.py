"""Neighbours know of an address: the kernel's search for doubles, and announcements."""

import threading

import pytest
from opensvc_driver_ip import driver

from opensvc_core.api import ActionFailed, Conflict, Status

OWN = ["10.99.0.1/24 eth0", "fd99::1/64"]


# -- IPv6


def test_an_ipv6_address_is_announced_when_the_kernel_has_found_no_double(one, network):
    assert one.has(one.ip("fd99::50")).do("start") == [
        "checking fd99::50 availability (5s)",
        "/sbin/ip addr add fd99::50/64 dev eth0",
        "wait for the duplicate address detection of fd99::50 on eth0 (15s)",
        "send unsolicited neighbour advertisement to announce fd99::50 is at eth0",
    ]
    assert one.seen() == (Status.UP, [])
    network.there("ping -c 1 -w 20 fd99::50")


def test_a_failed_duplicate_detection_removes_the_address_again(one, network, until, monkeypatch):
    """The neighbour is deaf while it is asked, and comes when the kernel's own detection has begun, which asks once a second."""
    monkeypatch.setattr(driver, "_DETECTION_LIMIT", 50.0)
    network.run("sysctl -qw net.ipv6.conf.eth0.dad_transmits=40")

    def come():
        until(lambda: "tentative" in network.run("ip addr show dev eth0 to fd99::50"))
        network.there("ip addr add fd99::50/64 dev eth0 nodad")

    add = threading.Thread(target=come)
    add.start()
    try:
        with pytest.raises(ActionFailed, match=r"another host on eth0 has fd99::50 .*; it is removed again"):
            one.has(one.ip("fd99::50")).do("start")
    finally:
        add.join()
    assert network.addresses() == OWN


def test_an_address_whose_detection_failed_long_ago_is_added_anew(one, network, until):
    network.there("ip addr add fd99::50/64 dev eth0 nodad")
    network.run("ip addr add fd99::50/64 dev eth0")
    one.has(one.ip("fd99::50"))
    until(lambda: one.seen() == (Status.WARN, ["another host on eth0 has fd99::50 (duplicate address detection failed)"]))
    with pytest.raises(Conflict):
        one.do("start")
    network.there("ip addr del fd99::50/64 dev eth0")
    assert one.do("start")[1:3] == ["/sbin/ip addr del fd99::50/64 dev eth0", "/sbin/ip addr add fd99::50/64 dev eth0"]
    assert one.seen() == (Status.UP, [])


# -- neighbours


def test_a_neighbour_follows_the_announcement(one, network, until):
    """Its entry for the address points to somebody who is gone."""
    network.there("ip neigh add 10.99.0.50 lladdr 02:aa:aa:aa:aa:aa dev eth0 nud reachable")
    one.has(one.ip()).do("start")
    until(lambda: network.mac() in network.there("ip neigh show 10.99.0.50"))
    network.there("ping -c 1 -w 20 10.99.0.50")


def test_a_stop_warns_when_somebody_else_answers(one, network):
    one.has(one.ip()).do("start")
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    one.do("stop")
    assert one.warnings() == [f"10.99.0.50 is removed here, and still answered by {network.mac(at_neighbour=True)} on eth0"]
    assert network.addresses() == OWN
