"""Messages of data: in pieces, too large, of strangers, from who is slow."""

import socket
import struct
import time
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_heartbeats.arriving import TAKEN, Arriving, Malformed, framed
from opensvc_heartbeats.data import LONGEST, OF_A_MEMBER, OF_STRANGERS, Taking, give
from opensvc_heartbeats.sockets import listening
from opensvc_heartbeats.waking import Waker

from opensvc_core.api import LARGEST_DATA


@given(st.binary(min_size=1, max_size=3000), st.lists(st.integers(1, 500), max_size=50))
def test_a_message_may_arrive_in_any_pieces(message, sizes):
    arriving, content = Arriving(), framed(message)
    for size in [*sizes, len(content)] * 9:
        piece, content = content[: min(size, arriving.lacks)], content[min(size, arriving.lacks) :]
        arriving.feed(piece)
    assert (arriving.lacks, arriving.message) == (0, message)


@pytest.mark.parametrize("head", [b"osd\x01" + struct.pack(">I", LARGEST_DATA + 1), b"osd\x01\0\0\0\0", b"GET / HT", b"\xff" * 8])
def test_what_is_no_message_is_refused_at_its_head(head):
    with pytest.raises(Malformed):
        Arriving().feed(head)


@pytest.fixture
def taking():
    """A listening socket on the loopback interface, what it takes, and a turn of it."""

    class Server:
        def __init__(self, stack, members=("127.0.0.1",), longest=LONGEST):
            self.listener = stack.enter_context(listening(socket.SOCK_STREAM, "127.0.0.1", 0, None))
            self.port, self.taken = self.listener.getsockname()[1], []
            self.woken = stack.enter_context(Waker().waiting())
            self.server = Taking(self.listener, self.taken.append, lambda: frozenset(members), longest)
            stack.enter_context(closing(self.server))

        def turn(self, times=4):
            for _ in range(times):
                self.server.turn(self.woken, 0.05)

        def turn_until(self, is_so):
            end = time.monotonic() + 60
            while not is_so():
                assert time.monotonic() < end
                self.turn(1)

        def connected(self):
            return stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=60))

    with ExitStack() as stack:
        yield lambda **more: Server(stack, **more)


def is_ended(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_whole_message_is_taken_and_answered(taking):
    server = taking()
    client = server.connected()
    client.sendall(framed(b"message"))
    server.turn_until(lambda: server.taken)
    assert server.taken == [b"message"]
    assert client.recv(1) == TAKEN


def test_half_a_message_is_nothing(taking):
    server = taking()
    client = server.connected()
    client.sendall(framed(b"message")[:-1])
    server.turn()
    client.close()
    server.turn()
    assert server.taken == []


def test_what_is_no_message_ends_the_connection(taking):
    server = taking()
    client = server.connected()
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    server.turn_until(lambda: is_ended(client))


def test_who_is_slow_is_given_up(taking):
    server = taking(longest=0.2)
    client = server.connected()
    client.sendall(framed(b"message")[:-1])
    server.turn_until(lambda: is_ended(client))
    assert server.taken == []


@pytest.mark.parametrize(("members", "most"), [((), OF_STRANGERS), (("127.0.0.1",), OF_A_MEMBER)], ids=["strangers", "a member"])
def test_only_so_many_connections_at_once(taking, members, most):
    server = taking(members=members, longest=300.0)
    clients = [server.connected() for _ in range(most + 3)]
    server.turn_until(lambda: all(is_ended(client) for client in clients[most:]))
    clients[0].setblocking(True)
    clients[0].sendall(framed(b"message"))
    server.turn_until(lambda: server.taken)
    assert server.taken == [b"message"]


def test_nobody_who_takes_is_an_error_with_each_address():
    with listening(socket.SOCK_STREAM, "127.0.0.1", 0, None) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OSError, match=rf"127.0.0.1:{port}: Connection refused; \[::1\]:{port}: Connection refused"):
        give(b"message", ["127.0.0.1", "::1"], port, None, time.monotonic() + 60)


def test_who_accepts_and_says_nothing_is_given_up_in_time():
    with listening(socket.SOCK_STREAM, "127.0.0.1", 0, None) as mute:
        begun = time.monotonic()
        with pytest.raises(OSError, match="timed out"):
            give(b"x" * 100_000, ["127.0.0.1"], mute.getsockname()[1], None, begun + 0.3)
        assert time.monotonic() - begun < 30
