"""A service that clients wait for: what was seen ahead, or handed over, is not asked for again."""

import time

import pytest

from opensvc_core.api import Conflict
from opensvc_core.instance.request import Request

OWN = ["10.99.0.1/24 eth0", "fd99::1/64"]


def test_who_has_the_address_is_seen_in_the_time_that_there_is(one, network):
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    with pytest.raises(Conflict) as refused:
        one.has(one.ip()).do("start", patience=0.5)
    assert network.mac(at_neighbour=True) in refused.value.seen[0]


def test_a_start_with_little_time_asks_no_longer_than_that(one, lasting):
    one.has(one.ip())
    began = time.monotonic()
    assert "checking 10.99.0.50 availability (0.2s)" in one.do("start", patience=0.2)
    assert time.monotonic() - began < lasting / 2, "without that it takes longer"


def test_what_another_node_has_given_up_is_looked_for_by_nobody(one, network):
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    assert one.has(one.ip()).do("start", is_handed_over=True) == [
        "/sbin/ip addr add 10.99.0.50/24 dev eth0",
        "send gratuitous arp to announce 10.99.0.50 is at eth0",
    ]
    assert one.do("stop", is_handed_over=True) == ["/sbin/ip addr del 10.99.0.50/24 dev eth0"]


def test_an_ipv6_address_of_such_a_service_is_used_at_once(one, network):
    assert "/sbin/ip addr add fd99::50/64 dev eth0 nodad" in one.has(one.ip("fd99::50")).do("start", patience=0.1)
    assert "tentative" not in network.run("ip addr show dev eth0 to fd99::50")
    network.there("ping -c 1 -w 20 fd99::50")


def test_what_was_seen_ahead_is_not_looked_for_again(one):
    ahead = one.has(one.ip()).service.look_ahead(Request("start", patience=0.05))
    assert ahead.clear == {"ip#0"}
    assert one.do("start", ahead=ahead)[0] == "/sbin/ip addr add 10.99.0.50/24 dev eth0"


def test_somebody_who_was_seen_ahead_is_looked_for_again(one, network):
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    ahead = one.has(one.ip()).service.look_ahead(Request("start", patience=0.5))
    assert ahead.clear == frozenset()
    with pytest.raises(Conflict) as refused:
        one.do("start", ahead=ahead)
    assert "10.99.0.50 is in use: answered by" in refused.value.seen[0]
    assert network.addresses() == OWN
    network.there("ip addr del 10.99.0.50/24 dev eth0")
    assert "checking 10.99.0.50 availability (5s)" in one.do("start", ahead=ahead)


def test_where_nobody_can_be_asked_nothing_was_seen_ahead(one, network, until):
    network.there("ip link set eth0 down")
    until(lambda: "NO-CARRIER" in network.run("ip link show eth0"))
    ahead = one.has(one.ip(more="check_carrier = false")).service.look_ahead(Request("start", patience=0.05))
    assert ahead.clear == frozenset()


def test_an_optional_address_is_looked_for_though_the_service_was_handed_over(one, network):
    assert "checking 10.99.0.50 availability (5s)" in one.has(one.ip(more="optional = true")).do("start", is_handed_over=True)


def test_what_was_seen_of_another_address_says_nothing(one, network):
    ahead = one.has(one.ip()).service.look_ahead(Request("start", patience=0.05))
    network.there("ip addr add 10.99.0.51/24 dev eth0")
    with pytest.raises(Conflict):
        one.has(one.ip("10.99.0.51")).do("start", ahead=ahead)
