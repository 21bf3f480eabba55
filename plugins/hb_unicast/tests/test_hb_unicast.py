"""hb.unicast on the loopback interface: the conformance suite, names, addresses, ports, floods."""

import os
import socket
import subprocess
import sys
import time

import pytest
from opensvc_driver_hb_unicast.driver import UnicastLink
from opensvc_driver_hb_unicast.testing import Ipv4Promises, Ipv6Promises, NamedPromises, on_loopback
from opensvc_heartbeats.budget import OF_STRANGERS
from opensvc_heartbeats.network import port_number

from opensvc_core.api import LinkPlace
from opensvc_core.testing.hearing import begin, carried, hearing, until
from opensvc_core.testing.ports import free_port


class TestIpv4(Ipv4Promises):
    """The suite."""


class TestIpv6(Ipv6Promises):
    """The suite."""


class TestNames(NamedPromises):
    """The suite."""


@pytest.fixture
def link():
    first, second = on_loopback()
    yield first, second
    first.close()
    second.close()


@pytest.fixture
def alone():
    """Makes a link of n1 with given values and peers."""
    made_links = []

    def make(peers, **values):
        made_links.append(UnicastLink(LinkPlace("hb#1", "n1", "c", peers), {"port": free_port(), **values}))
        return made_links[-1]

    yield make
    for one in made_links:
        one.close()


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({}, "[::]:10000"),
        ({"addr": "10.0.0.1"}, "10.0.0.1:10000"),
        ({"addr": "fd99::1", "port": 7}, "[fd99::1]:7"),
        ({"addr": "n1"}, "[::]:10000"),
    ],
)
def test_it_says_where_it_listens(values, detail):
    assert UnicastLink(LinkPlace("hb#1", "n1"), values).detail == detail


@pytest.mark.parametrize("value", ["0", "65536", "-1", "http", ""])
def test_what_is_no_port_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        port_number(value)


def test_by_default_it_hears_both_families(alone):
    link = alone({})
    with hearing(link) as heard:
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                assert until(lambda to=(host, link.port), by=sender: by.sendto(b"beat", to) and to[0] in heard.addresses)
    assert set(heard.beats) == {b"beat"}


def test_one_peer_without_an_address_is_told_and_the_others_are_sent_to(link, alone):
    _, second = link
    sender = alone({"n2": {"addr": "127.0.0.2", "port": second.port}, "n3": {"addr": "nosuch.invalid"}})
    with hearing(second) as heard:
        begin(sender, heard)
        assert until(lambda: "n3" in sender.troubles and "resolve" in sender.troubles["n3"])
        carried(sender, heard, b"beat")
    assert set(sender.troubles) == {"n3"}


def test_no_peer_with_an_address_is_an_error_in_words(alone):
    sender = alone({"n2": {"addr": "nosuch.invalid"}})
    with pytest.raises(OSError, match=r"n2: the name nosuch\.invalid"):
        sender.send(b"beat")


def test_an_address_that_is_not_here_is_an_error_in_words(alone):
    link = alone({"n2": {"addr": "127.0.0.2"}}, addr="192.0.2.77")
    with pytest.raises(OSError, match=r"192\.0\.2\.77 is no address of this node"):
        link.receive(lambda *_: None, lambda: False)
    with pytest.raises(OSError, match=r"192\.0\.2\.77 can't be sent from"):
        link.send(b"beat")


def test_an_interface_that_is_not_here_is_an_error_in_words(alone):
    link = alone({"n2": {"addr": "127.0.0.2"}}, intf="nosuch0")
    for attempt in (lambda: link.receive(lambda *_: None, lambda: False), lambda: link.send(b"beat"), lambda: link.send_data("n2", b"x")):
        with pytest.raises(OSError, match="the interface nosuch0 is not there"):
            attempt()


def test_a_port_in_use_is_an_error_with_the_way_out(link):
    first, second = link
    other = UnicastLink(first.place._replace(name="hb#2"), first.values)
    with hearing(first) as heard:
        begin(second, heard)
        with pytest.raises(OSError, match=f"UDP port {first.port} is in use on 127.0.0.1: give this heartbeat another 'port'"):
            other.receive(lambda *_: None, lambda: False)
    other.close()


FLOOD = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
    way.bind(("127.0.0.9", 0))
    way.connect(("127.0.0.2", int(sys.argv[1])))
    while True:
        way.send(b"flood")
"""


@pytest.fixture
def flooded():
    """Floods a port as fast as a process can, from an address that no member has."""
    begun = []

    def flood(port):
        begun.append(subprocess.Popen([sys.executable, "-c", FLOOD, str(port)]))

    yield flood
    for process in begun:
        process.kill()
        process.wait(60)


def test_a_flood_of_strangers_costs_no_beat_and_little_work(link, flooded):
    first, second = link
    with hearing(second) as heard:
        begin(first, heard)
        flooding = time.monotonic()
        flooded(second.port)
        assert until(lambda: "messages dropped, the last from 127.0.0.9" in second.troubles.get("", ""))
        begun, used = time.monotonic(), time.process_time()
        for number in range(20):
            carried(first, heard, b"beat %d" % number)
            time.sleep(0.05)
        assert time.process_time() - used < 0.7 * max(1.0, time.monotonic() - begun)
    assert sum(beat == b"flood" for beat in heard.beats) < OF_STRANGERS * (3 + time.monotonic() - flooding)


def test_a_stranger_is_heard_as_long_as_nobody_floods(link):
    """A member may send from another address than the one that is known."""
    _, second = link
    with hearing(second) as heard, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.9", 0))
        assert until(lambda: stranger.sendto(b"beat", ("127.0.0.2", second.port)) and "127.0.0.9" in heard.addresses)


def test_what_is_too_large_or_empty_is_not_delivered(link):
    first, second = link
    with hearing(second) as heard, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        begin(first, heard)
        stranger.sendto(b"", ("127.0.0.2", second.port))
        stranger.sendto(os.urandom(1201), ("127.0.0.2", second.port))
        stranger.sendto(b"whole", ("127.0.0.2", second.port))
        assert until(lambda: b"whole" in heard.beats)
    assert all(0 < len(beat) < 20 for beat in heard.beats)
