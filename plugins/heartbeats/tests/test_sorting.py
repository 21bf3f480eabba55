"""Sorting of what arrives, by the kernel: members and strangers, of both families."""

import socket
from contextlib import ExitStack

import pytest
from opensvc_heartbeats.sockets import listening
from opensvc_heartbeats.sorting import pair, sort

from opensvc_core.testing.ports import free_port

MEMBERS = ("127.0.0.2", "127.0.0.3", "10.0.0.1", "::1", "fd99::1", "fe80::7%lo")


@pytest.fixture
def sorted_pair():
    """A pair of sockets of both families on a free port, sorted by members."""
    with ExitStack() as stack:

        def make(address, members):
            port = free_port()
            made = pair(lambda is_shared: listening(socket.SOCK_DGRAM, address, port, None, is_shared=is_shared))
            for one in made:
                stack.callback(one.close)
                one.setblocking(True)
            sort(made[0], members)
            return made, port

        yield make


def arrived(heard, seconds=60.0):
    heard.settimeout(seconds)
    try:
        return heard.recvfrom(100)[0]
    except TimeoutError:
        return b""


@pytest.mark.parametrize(
    ("source", "members", "place"),
    [
        ("127.0.0.2", MEMBERS, 0),
        ("127.0.0.3", MEMBERS, 0),
        ("127.0.0.4", MEMBERS, 1),
        ("127.0.0.2", (), 1),
        ("::1", MEMBERS, 0),
        ("::1", ("fd99::1", "127.0.0.2"), 1),
        ("::1", (*(f"fd99::{number:x}" for number in range(1, 64)), "::1"), 0),
        ("127.0.0.99", tuple(f"127.0.0.{number}" for number in range(1, 100)), 0),
    ],
)
def test_each_arrives_where_it_belongs(sorted_pair, source, members, place):
    heard, port = sorted_pair("", members)
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        for number in range(5):
            sender.sendto(b"beat %d" % number, ("::1" if ":" in source else "127.0.0.1", port))
    assert [arrived(heard[place]) for _ in range(5)] == [b"beat %d" % number for number in range(5)]
    assert arrived(heard[1 - place], 0.3) == b""


def test_members_may_change(sorted_pair):
    heard, port = sorted_pair("127.0.0.1", ())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.2", 0))
        sender.sendto(b"before", ("127.0.0.1", port))
        sort(heard[0], ["127.0.0.2"])
        sender.sendto(b"after", ("127.0.0.1", port))
    assert (arrived(heard[1]), arrived(heard[0])) == (b"before", b"after")


def test_a_port_that_somebody_shares_is_in_use(sorted_pair):
    _, port = sorted_pair("127.0.0.1", ())
    with pytest.raises(OSError, match=f"UDP port {port} is in use on 127"):
        pair(lambda is_shared: listening(socket.SOCK_DGRAM, "127.0.0.1", port, None, is_shared=is_shared))
