"""Records on a real network and a real disk, with a peer that knows nothing but the tables of the C implementation."""

import errno
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from opensvc_openha.files import Board
from opensvc_openha.layouts import BLOCK, LAYOUTS, Entry, Record
from opensvc_openha.listening import Listener, hearing_of
from opensvc_openha.liveness import Liveness
from opensvc_openha.sending import Sender
from opensvc_openha.states import State
from opensvc_openha.store import Store
from opensvc_openha.tree import Tree

from opensvc_core.errors import OpensvcError

NODE = os.uname().nodename
GROUP = "239.131.50.10"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="binding a socket to an interface takes root")


@pytest.fixture
def store(ez):
    """A tree with one service, STARTED on this node."""
    (ez / "conf/services").write_text(f"registry {ez}/svc.cluster {NODE} deb2 /bin/true\nother /bin/true deb8 deb9 /bin/true\n")
    made = Store(Tree.below(ez))
    made.record("registry", NODE, State.STARTED)
    return made


@pytest.fixture
def port():
    """A free port, for the time of the test as good as surely."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("", 0))
        return found.getsockname()[1]


@contextmanager
def running(program):
    ended = threading.Event()
    thread = threading.Thread(target=program.run, args=(ended,))
    thread.start()
    try:
        yield program
    finally:
        ended.set()
        thread.join()
        program.close()


def monitored(store, text):
    store.tree.monitor.write_text(text)
    found = store.monitor()
    assert not found.problems
    return found


def wait_for(condition):
    end = time.monotonic() + 40
    while not (value := condition()):
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)
    return value


def expected(data, size, **more):
    """The bytes that the tables say, with the moment and the process of those that came."""
    elapsed, pid = struct.unpack_from("<Ii", data, size - 8)
    assert abs(elapsed - time.time()) < 100
    assert pid == os.getpid()
    record = Record(NODE, (Entry("registry", State.STARTED),), elapsed, pid, **more)
    return LAYOUTS[size].encode(record)


def joined(port):
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    index = socket.if_nametoindex("lo").to_bytes(4, "little")
    peer.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + bytes(4) + index)
    peer.bind(("", port))
    peer.settimeout(40)
    return peer


@pytest.mark.parametrize(("kind", "address"), [("net", GROUP), ("unicast", "127.0.0.1")])
def test_what_is_sent_on_a_network(store, port, kind, address):
    links = monitored(store, f"{NODE} {kind} lo {address} {port} 10\n").links
    with joined(port) as peer, running(Sender(store, links[0], NODE)):
        first, second = (peer.recv(65536) for _ in range(2))
    assert first[:9384] == expected(first, 9384, port=str(port), address=address)
    assert struct.unpack_from("<I", second, 9376) > struct.unpack_from("<I", first, 9376)


def test_a_full_disk_keeps_neither_from_going_on(store, port, disk, monkeypatch):
    """Both would end, and the peer take over what runs here."""
    links = monitored(store, f"{NODE} unicast lo 127.0.0.1 {port} 10\ndeb2 disk {disk} 0 10\n").links
    full = []

    def tell(_board, value):
        full.append(value)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Board, "tell", tell)
    with joined(port) as peer, running(Sender(store, links[0], NODE)), running(Listener(store, links[1])):
        assert [len(peer.recv(65536)) > 9384 for _ in range(2)] == [True, True]
        wait_for(lambda: sum("looked" in value for value in full) > 2)


def by_hand(size=9384, node="deb2", elapsed=1403164917, state=State.STOPPED):
    return LAYOUTS[size].encode(Record(node, (Entry("registry", state),), elapsed, 25004))


@pytest.mark.parametrize(("kind", "address"), [("net", GROUP), ("unicast", "127.0.0.1")])
def test_what_is_heard_on_a_network(store, port, kind, address):
    links = monitored(store, f"deb2 {kind} lo {address} {port} 10\n").links
    with running(Listener(store, links[0])) as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, bytes(8) + socket.if_nametoindex("lo").to_bytes(4, "little"))
        wait_for(lambda: (listener.board.told() or {}).get("looked"))
        # those that do not count first: were one counted, the last count would be higher
        for data in (b"x", bytes(9384), by_hand()[:5000], by_hand(node="deb3"), by_hand(3240), by_hand(), by_hand()):
            peer.sendto(data, (address, port))
        peer.sendto(by_hand(elapsed=1403164918, state=State.STARTED), (address, port))
        told = wait_for(lambda: (found := listener.board.told()) and found.get("count", 0) > 1 and found)
    assert told["count"] == 2
    assert told["said"] == {"states": {"registry": 2}, "elapsed": 1403164918}
    assert told["remote"] == 25004


def test_a_peer_that_is_not_understood_is_not_silent(store, port, ez):
    """Its records are refused for want of a seal; those of another node, and the same one again, say nothing."""
    key = ez / "key"
    key.write_text("a secret of more than sixteen bytes")
    key.chmod(0o600)
    (link,) = monitored(store, f"deb2 unicast lo 127.0.0.1 {port} 2 key={key}\n").links
    with running(Listener(store, link)) as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:

        def liveness():
            return hearing_of(link, listener.board.told() or {}).liveness(time.monotonic())

        wait_for(lambda: liveness() is Liveness.DOWN)
        for number in range(12):  # longer than the timeout
            peer.sendto(by_hand(elapsed=1403164917 + number), ("127.0.0.1", port))
            wait_for(lambda: liveness() is Liveness.BLIND)
            time.sleep(0.3)
            assert liveness() is Liveness.BLIND
        peer.sendto(by_hand(node="deb3"), ("127.0.0.1", port))
        wait_for(lambda: liveness() is Liveness.DOWN)
        assert "said" not in listener.board.told()
        last = listener.board.told()["doubted"]
    with running(Listener(store, link)) as listener:
        assert wait_for(listener.board.told)["doubted"] == last, "what a former one knew is kept"


DISKS = pytest.mark.parametrize(("size", "spacing"), [(504, 1), (504, 2), (2856, 6), (3240, 10), (9384, 19)])


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.write_bytes(bytes(64 * BLOCK))
    return path


@DISKS
def test_what_is_written_on_a_disk(store, disk, size, spacing):
    links = monitored(store, f"deb2 disk {disk} 0 10\n{NODE} disk {disk} {spacing} 10\n").links
    with running(Sender(store, links[1], NODE)) as sender:
        wait_for(sender.board.told)
    data = disk.read_bytes()
    record = data[spacing * BLOCK :]
    assert record[:size] == expected(record[:size], size)
    assert not any(data[: spacing * BLOCK]), "the peer's blocks are left alone"
    assert not any(data[2 * spacing * BLOCK :])


@DISKS
def test_what_is_read_on_a_disk(store, disk, size, spacing):
    links = monitored(store, f"{NODE} disk {disk} 0 10\ndeb2 disk {disk} {spacing} 10\n").links

    def put(elapsed):
        with disk.open("r+b") as file:
            file.seek(spacing * BLOCK)
            file.write(by_hand(size, elapsed=elapsed).ljust(LAYOUTS[size].blocks * BLOCK, b"\xa5"))

    put(1403164917)
    with running(Listener(store, links[1])) as listener:
        wait_for(lambda: (listener.board.told() or {}).get("contact") is not None)
        assert listener.board.told().get("count") is None, "what stood there before proves nothing"
        put(1403164918)
        told = wait_for(lambda: (found := listener.board.told()) and found.get("count") and found)
    assert told["said"] == {"states": {"registry": 0}, "elapsed": 1403164918}


def test_a_disk_with_other_data_is_left_alone(store, disk):
    disk.write_bytes(b"a file system".ljust(64 * BLOCK, b"\x01"))
    links = monitored(store, f"{NODE} disk {disk} 0 10\ndeb2 disk {disk} 19 10\n").links
    before = disk.read_bytes()
    with pytest.raises(OpensvcError, match=r"holds data at offset 0 that is no heartbeat.*dd if=/dev/zero of=.* bs=512 seek=0 count=19"):
        Sender(store, links[0], NODE)
    assert disk.read_bytes() == before


def test_a_disk_that_is_too_small_is_told_of(store, disk):
    links = monitored(store, f"{NODE} disk {disk} 0 10\ndeb2 disk {disk} 60 10\n").links
    with pytest.raises(OpensvcError, match="ends after 2048 of 9728 bytes"):
        Sender(store, monitored(store, f"deb2 disk {disk} 0 10\n{NODE} disk {disk} 60 10\n").links[1], NODE)
    assert links


def test_an_interface_that_is_not_there_is_told_of(store, port):
    links = monitored(store, f"{NODE} net nowhere0 {GROUP} {port} 10\ndeb2 net nowhere0 {GROUP} {port + 1} 10\n").links
    with pytest.raises(OpensvcError, match=r"nowhere0: .*; 'ip link' tells"):
        Sender(store, links[0], NODE)
    with pytest.raises(OpensvcError, match=r"nowhere0: .*; 'ip link' tells"):
        Listener(store, links[1])


COMES_BACK = """
import subprocess, sys, threading, time
from pathlib import Path
from opensvc_openha.listening import Listener
from opensvc_openha.sending import Sender
from opensvc_openha.store import Store
from opensvc_openha.tree import Tree

def ip(line):
    subprocess.run(["ip", *line.split()], check=True)

def make():
    for line in ("link add eth9 type veth peer name eth8", "addr add 10.9.9.9/24 dev eth9", "link set eth9 up"):
        ip(line)

def until(text, condition):
    end = time.monotonic() + 40
    while not (found := condition()):
        assert time.monotonic() < end, text
        time.sleep(0.05)
    return found

def heard_more_than(number):
    return until("it does not come", lambda: (found := (listener.board.told() or {}).get("count", 0)) > number and found)

store = Store(Tree.below(Path(sys.argv[1])))
make()
(link,) = store.monitor().links
sender, listener = Sender(store, link, "deb2"), Listener(store, link)
for program in (sender, listener):
    threading.Thread(target=program.run, args=(threading.Event(),), daemon=True).start()
count = heard_more_than(0)
began = listener.board.told()["since"]
ip("link set eth9 down")
until("it does not notice", lambda: listener.board.told()["since"] is None)
ip("link set eth9 up")
until("it does not listen anew", lambda: (listener.board.told()["since"] or 0) > began + 1)
ip("link del eth9")
make()
heard_more_than(count + 1)
"""


def test_an_interface_that_was_made_anew_is_used_again(store, ez):
    monitored(store, f"deb2 net eth9 {GROUP} 5010 10\n")
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", COMES_BACK, str(ez)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_state_that_is_garbage_keeps_the_peer_from_starting(store, port):
    store.tree.state("registry", NODE).write_bytes(b"garbage")
    links = monitored(store, f"{NODE} unicast lo 127.0.0.1 {port} 10\n").links
    sender = Sender(store, links[0], NODE)
    assert LAYOUTS[9384].decode(sender.record()).state("registry") is State.STOP_FAILED
    sender.close()
