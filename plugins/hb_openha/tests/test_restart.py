"""`ezha restart`, with real programs, and a peer that hears what they send."""

import os
import socket
import struct
import threading
import time
from itertools import pairwise

import pytest
from opensvc_openha.install import install, own_program
from opensvc_openha.main import run
from opensvc_openha.states import State
from opensvc_openha.store import Store
from opensvc_openha.tree import Tree

from opensvc_core.errors import OpensvcError

NODE = os.uname().nodename
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="binding a socket to an interface takes root")


class Hearing:
    """What comes to a port, each with its moment: (seconds, elapsed, pid)."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port, self.records, self._ended = self._socket.getsockname()[1], [], threading.Event()
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def _hear(self):
        while not self._ended.is_set():
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            self.records.append((time.monotonic(), *struct.unpack_from("<I", data, 9376), *struct.unpack_from("<i", data, 9380)))

    def wait(self, condition):
        end = time.monotonic() + 60
        while not condition(list(self.records)):
            assert time.monotonic() < end, self.records
            time.sleep(0.05)

    def close(self):
        self._ended.set()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def heard():
    made = Hearing()
    yield made
    made.close()


@pytest.fixture
def ez(tmp_path, heard):
    """A tree whose programs run, with a service that is STARTED here."""
    install(tmp_path, own_program())
    (tmp_path / "conf/nodes").write_text(f"{NODE}\npeer\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("", 0))
        other = found.getsockname()[1]
    monitor = f"{NODE} unicast lo 127.0.0.1 {heard.port} 2\npeer unicast lo 127.0.0.2 {other} 2\n"
    (tmp_path / "conf/monitor").write_text(monitor)
    (tmp_path / "conf/services").write_text(f"svc /bin/true {NODE} peer /bin/true\n")
    (tmp_path / "conf/options").write_text("")
    yield tmp_path
    run(["ezha", "kill"], {"EZ": str(tmp_path)})


def ezha(ez, word):
    return run(["ezha", word], {"EZ": str(ez)})


def test_the_other_node_misses_no_heartbeat_of_a_restart(ez, heard, told):
    assert ezha(ez, "start") == 0
    store = Store(Tree.below(ez))
    store.record("svc", NODE, State.STARTED)
    for _ in range(2):
        heard.wait(lambda records: len({record[1] for record in records}) > 1)
        begun, before = time.monotonic(), heard.records[-1]
        assert ezha(ez, "restart") == 0
        took = time.monotonic() - begun
        pid = before[2]
        heard.wait(lambda records, pid=pid: [one[2] for one in records][-2:].count(pid) == 0)
        moments = [moment for moment, *_ in heard.records if moment > before[0] - 0.1]
        gap = max(after - earlier for earlier, after in pairwise(moments))
        told(f"a restart of {took:.1f} s: the longest silence of a link was {gap:.2f} s; a heartbeat comes each second")
    elapsed = [record[1] for record in heard.records]
    assert elapsed == sorted(set(elapsed)), "each of them counts: none has the moment of the one before"
    assert store.state("svc", NODE) is State.STARTED
    assert ezha(ez, "status") == 0


def test_what_can_not_be_started_anew_goes_on(ez, heard, capsys):
    assert ezha(ez, "start") == 0
    heard.wait(lambda records: records)
    pid = heard.records[-1][2]
    monitor = (ez / "conf/monitor").read_text()
    (ez / "conf/monitor").write_text("nonsense\n")
    with pytest.raises(OpensvcError, match="nothing was started"):
        ezha(ez, "restart")
    (ez / "conf/monitor").write_text(monitor.replace(" 2\npeer", " 2 key=/nowhere\npeer"))
    assert ezha(ez, "restart") == 1
    assert "key=/nowhere: No such file or directory" in capsys.readouterr().err
    count = len(heard.records)
    heard.wait(lambda records: len(records) > count + 1)
    assert {record[2] for record in heard.records} == {pid}


def test_a_line_that_was_taken_out_is_ended_last(ez, heard):
    assert ezha(ez, "start") == 0
    (ez / "conf/monitor").write_text((ez / "conf/monitor").read_text().replace("127.0.0.2", "127.0.0.3"))
    assert ezha(ez, "restart") == 0
    names = [path.stem for path in (ez / "log/proc").glob("heartc*.json")]
    assert len(names) == 2
    assert ezha(ez, "status") == 0
