"""Channels between real processes' sockets: what one end sends the other gets, and nothing else."""

import asyncio
import json
import os
import socket
import stat
import struct
import threading

import pytest
from opensvc_daemon import clock
from opensvc_daemon.channel import LARGEST, Channel, Garbled, accept, connect, listen, open_channel


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_messages_arrive_as_they_were_sent(ends):
    one, other = map(Channel, ends)
    one.send({"do": "pulse", "text": "ü", "merged": {"n2": 7}})
    one.send({})
    assert other.receive() == {"do": "pulse", "text": "ü", "merged": {"n2": 7}}
    assert other.receive() == {}


def test_a_large_message_arrives_in_pieces(ends):
    one, other = map(Channel, ends)
    message = {"text": "x" * 3_000_000}
    sending = threading.Thread(target=one.send, args=(message,))
    sending.start()
    assert other.receive() == message
    sending.join()


def test_a_loop_takes_what_is_complete_and_waits_for_nothing(ends):
    other = Channel(ends[1])
    data = b"".join(struct.pack(">I", len(text)) + text for text in (b'{"a":1}', b'{"b":2}', b'{"c":3}'))
    ends[0].sendall(data[:-2])
    assert other.pull()
    assert list(other.pending()) == [{"a": 1}, {"b": 2}]
    ends[0].sendall(data[-2:])
    assert other.pull()
    assert list(other.pending()) == [{"c": 3}]


def test_one_thread_may_send_while_another_one_receives(ends):
    one, other = map(Channel, ends)
    received = []

    def receive():
        while (message := one.receive()) is not None:
            received.append(message)

    receiving = threading.Thread(target=receive)
    receiving.start()
    for number in range(300):
        one.send({"number": number})
        other.send({"number": other.receive()["number"]})
    other.close()
    receiving.join()
    assert [message["number"] for message in received] == list(range(300))


def test_who_does_not_read_holds_nobody_up_who_does_not_wait(ends):
    one = Channel(ends[0])
    with pytest.raises(BlockingIOError):
        for _ in range(10_000):
            one.send({"text": "x" * 1000}, waits=False)


def test_the_end_of_a_connection_is_none(ends):
    one, other = map(Channel, ends)
    one.send({"a": 1})
    one.close()
    assert [other.receive(), other.receive()] == [{"a": 1}, None]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(struct.pack(">I", LARGEST + 1), id="too large"),
        pytest.param(struct.pack(">I", 4) + b"nope", id="no JSON"),
        pytest.param(struct.pack(">I", 2) + b"[]", id="no object"),
        pytest.param(struct.pack(">I", 2) + b"\xff\xff", id="no text"),
        pytest.param(struct.pack(">I", 9) + b"{", id="cut short"),
        pytest.param(b"\0\0", id="cut in the length"),
        pytest.param(struct.pack(">I", 100_000) + b'{"a":' + b"[" * 99_995, id="too deep"),
    ],
)
def test_what_is_no_message_is_refused(ends, data):
    ends[0].sendall(data)
    ends[0].shutdown(socket.SHUT_WR)
    with pytest.raises(Garbled):
        Channel(ends[1]).receive()


def test_what_is_too_large_is_not_sent(ends):
    with pytest.raises(ValueError, match="over"):
        Channel(ends[0]).send({"text": "x" * LARGEST})


def test_only_root_reaches_a_listener_however_deep_its_folder(tmp_path):
    folder = tmp_path / ("long" * 20) / ("longer" * 10)
    folder.mkdir(parents=True)
    before = os.umask(0)
    try:
        listening = listen(folder / "beat.sock")
    finally:
        os.umask(before)
    with listening:
        assert stat.S_IMODE((folder / "beat.sock").stat().st_mode) == 0o600
        one = connect(folder / "beat.sock")
        other = accept(listening)
        one.send({"a": 1})
        assert other.receive() == {"a": 1}
        one.close()
        other.close()


def test_a_stale_socket_is_replaced_and_a_served_one_is_not(tmp_path):
    path = tmp_path / "runner.sock"
    listen(path).close()
    assert path.exists()
    with listen(path), pytest.raises(OSError, match="another process serves"):
        listen(path)


def test_nobody_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        connect(tmp_path / "beat.sock")


def test_asyncio_speaks_the_same(tmp_path):
    listening = listen(tmp_path / "beat.sock")

    def answer():
        channel = accept(listening)
        channel.send({"heard": channel.receive()})
        channel.close()

    async def ask():
        channel = await open_channel(tmp_path / "beat.sock")
        try:
            await channel.send({"do": "begin"})
            return [await channel.receive(), await channel.receive()]
        finally:
            channel.close()

    answering = threading.Thread(target=answer)
    answering.start()
    with listening:
        assert asyncio.run(ask()) == [{"heard": {"do": "begin"}}, None]
    answering.join()


@pytest.mark.parametrize("data", [b"\0\0", struct.pack(">I", 9) + b"{", struct.pack(">I", 9), struct.pack(">I", LARGEST + 1)])
def test_asyncio_refuses_what_is_no_message(tmp_path, data):
    listening = listen(tmp_path / "beat.sock")

    async def ask():
        channel = await open_channel(tmp_path / "beat.sock")
        peer, _ = listening.accept()
        peer.sendall(data)
        peer.close()
        try:
            await channel.receive()
        finally:
            channel.close()

    with listening, pytest.raises(Garbled):
        asyncio.run(ask())


def test_text_is_sent_as_one_object_of_json(ends):
    Channel(ends[0]).send({"a": [1, None]})
    data = ends[1].recv(100)
    assert struct.unpack(">I", data[:4]) == (len(data) - 4,)
    assert json.loads(data[4:]) == {"a": [1, None]}


def test_the_clock_goes_on():
    first = clock.now()
    assert first <= clock.now() < first + 60
