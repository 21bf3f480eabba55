"""The manager itself, with real files and scripts, and a peer that is heard as its listener would tell it."""

import errno
import os
import threading
import time

import pytest
from opensvc_openha.ezha import answer_of, first_state
from opensvc_openha.files import Board
from opensvc_openha.main import run
from opensvc_openha.nmond import Manager
from opensvc_openha.states import State
from opensvc_openha.store import Store, boot
from opensvc_openha.tree import Tree

NODE = os.uname().nodename


class Beating:
    """A peer of the C implementation that is heard all the time."""

    def __init__(self, store):
        (link,) = store.monitor().heard_by(NODE)
        self.board = Board(store.tree.proc, link.board(listens=True)).hold()
        self.states, self._count, self._since = {"svc": 0}, 0, time.monotonic() - 1000

    def run(self, ended):
        while not ended.wait(0.1):
            self._count += 1
            now = time.monotonic()
            said = {"states": self.states, "elapsed": 10**9 + self._count}
            self.board.tell({"pid": 1, "since": self._since, "looked": now, "heard": now, "count": self._count, "remote": 1, "said": said})
        self.board.release()


@pytest.fixture
def store(ez):
    (ez / "conf/services").write_text(f"svc {ez}/svc.cluster {NODE} peer /bin/true\n")
    (ez / "conf/monitor").write_text(f"{NODE} net lo 239.1.1.1 5000 60\npeer net lo 239.1.1.2 5001 60\n")
    return Store(Tree.below(ez))


@pytest.fixture
def begin(store):
    """Have the peer heard, and the manager run."""
    ended, threads = threading.Event(), []

    def started():
        peer, manager = Beating(store), Manager(store, NODE)
        for what in (peer, manager):
            threads.append(threading.Thread(target=what.run, args=(ended,)))
            threads[-1].start()
        return peer

    yield started
    ended.set()
    for thread in threads:
        thread.join()


def wait_for(store, state):
    end = time.monotonic() + 40
    while store.state("svc", NODE) is not state:
        assert time.monotonic() < end, store.state("svc", NODE)
        time.sleep(0.05)


def test_a_service_is_started_stopped_and_frozen(store, ez, begin, command, capsys):
    begin()
    assert command("service -A svc unfreeze") == 0
    assert command("service -A svc start") == 0
    assert "Service svc successfully started" in capsys.readouterr().out
    assert store.state("svc", NODE) is State.STARTED
    assert (ez / "calls").read_text() == "start\n"
    assert store.memory("svc")["ran_here"]
    assert command("service -A svc freeze-start") == 0
    assert store.state("svc", NODE) is State.START_READY
    assert command("service -A svc unfreeze") == 0
    assert store.state("svc", NODE) is State.STARTED
    assert command("service -A svc freeze-stop") == 0
    assert store.state("svc", NODE) is State.FROZEN_STOP
    assert (ez / "calls").read_text() == "start\nstop\n"


def test_a_script_that_hangs_fails_after_its_limit(store, ez, begin):
    (ez / "svc.cluster").write_text("#!/bin/sh\nexec sleep 1000\n")
    (ez / "conf/options").write_text("start_timeout 1\n")
    store.record("svc", NODE, State.STOPPED)
    begin()
    wait_for(store, State.STARTING)
    wait_for(store, State.START_FAILED)


def test_a_check_script_that_fails_keeps_the_service_from_starting(store, ez, begin):
    (ez / "conf/services").write_text(f"svc {ez}/svc.cluster {NODE} peer /bin/false\n")
    store.record("svc", NODE, State.STOPPED)
    begin()
    wait_for(store, State.START_FAILED)
    assert not (ez / "calls").exists()


def test_check_and_script_know_the_tree_that_they_are_called_from(store, ez, begin, monkeypatch):
    monkeypatch.delenv("EZ", raising=False)
    (ez / "svc.cluster").write_text(f'#!/bin/sh\necho "$0 $1 $EZ" >>{ez}/calls\n')
    (ez / "conf/services").write_text(f"svc {ez}/svc.cluster {NODE} peer {ez}/svc.cluster\n")
    store.record("svc", NODE, State.STOPPED)
    begin()
    wait_for(store, State.STARTED)
    assert (ez / "calls").read_text() == f"{ez}/svc.cluster start {ez}\n" * 2


def test_a_peer_that_comes_first_is_given_way(store, ez, begin):
    store.record("svc", NODE, State.STOPPED)
    peer = begin()
    wait_for(store, State.START_READY)
    peer.states = {"svc": 3}
    wait_for(store, State.STOPPED)
    assert store.state("svc", "peer") is State.STARTING
    assert not (ez / "calls").exists()


@pytest.mark.parametrize(
    ("silent_for", "blind_for", "comes_to"),
    [pytest.param(500, 100, State.STOPPED, id="silent-before"), pytest.param(100, 500, State.START_READY, id="a-witness")],
)
def test_a_blind_link_beside_a_silent_one(store, silent_for, blind_for, comes_to):
    """The manager of a node that has lost its ear takes nothing over, unless another ear has heard the peer fall silent since."""
    store.tree.monitor.write_text(f"{NODE} net lo 239.1.1.1 5000 60\npeer net lo 239.1.1.2 5001 60\npeer unicast lo 127.0.0.1 5002 60\n")
    silent, blind = (Board(store.tree.proc, link.board(listens=True)) for link in store.monitor().heard_by(NODE))
    now = time.monotonic()
    silent.hold().tell({"pid": 1, "boot": boot(), "since": now - 1000, "looked": now, "heard": now - silent_for})
    blind.tell({"pid": 1, "boot": boot(), "since": now - 1000, "looked": now - blind_for, "heard": now - blind_for})
    store.record("svc", NODE, State.STOPPED)
    manager, ended = Manager(store, NODE), threading.Event()
    thread = threading.Thread(target=manager.run, args=(ended,))
    thread.start()
    while (manager.board.told() or {}).get("round", 0) < 8:
        time.sleep(0.05)
    ended.set()
    thread.join()
    silent.release()
    assert (store.state("svc", NODE), store.state("svc", "peer")) == (comes_to, State.UNKNOWN)


def test_a_full_disk_delays_a_start_and_does_not_end_it(store, begin, monkeypatch):
    store.record("svc", NODE, State.STOPPED)
    record, full = store.record, [State.STARTING, State.STARTED]

    def failing(service, node, state):
        if state in full:
            full.remove(state)
            raise OSError(errno.ENOSPC, "No space left on device")
        record(service, node, state)

    monkeypatch.setattr(store, "record", failing)
    begin()
    wait_for(store, State.STARTED)
    assert full == []


def test_what_a_dead_manager_left_is_set_right(store, begin):
    store.record("svc", NODE, State.STARTING)
    begin()
    wait_for(store, State.START_FAILED)


MAY_RUN = (None, State.STARTED, State.STARTING, State.STOPPING, State.START_FAILED, State.STOP_FAILED)


@pytest.mark.parametrize("own", [*State, None])
def test_the_first_state_is_stopped_unless_the_service_may_run(own):
    assert first_state(own, None, is_same_boot=False) is State.STOPPED
    assert first_state(own, None, is_same_boot=True) is (own if own in MAY_RUN else State.STOPPED)
    for answer in (State.STARTED, State.STOPPED, State.START_FAILED):
        assert first_state(own, answer, is_same_boot=True) is answer


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (0, State.STARTED),
        *((code, State.STOPPED) for code in (1, 3, 6, 7)),
        *((code, State.START_FAILED) for code in (2, 5, 130, -9)),
    ],
)
def test_a_service_is_what_it_answers_and_an_error_is_no_answer(code, answer):
    assert answer_of(code, is_error=False) is answer
    assert answer_of(code, is_error=True) is None


def test_a_service_that_runs_frozen_stays_so():
    ready = State.START_READY
    for answer in (None, State.STARTED):
        assert first_state(ready, answer, is_same_boot=True, is_frozen=True) is ready
    assert first_state(ready, None, is_same_boot=False, is_frozen=True) is State.STOPPED
    assert first_state(ready, State.STOPPED, is_same_boot=True, is_frozen=True) is State.STOPPED


@pytest.mark.parametrize("own", [State.STARTED, State.STOP_FAILED, State.STARTING, State.START_READY, None])
def test_heartbeats_go_on_while_a_service_may_run(store, ez, command, capsys, own):
    """They are held by this process: if they were to be ended, that would be waited for in vain."""
    (link,) = store.monitor().heard_by(NODE)
    board = Board(store.tree.proc, link.board(listens=True)).hold()
    (ez / "fails").touch()
    store.remember("svc", ready="frozen")
    if own is None:
        store.record("svc", NODE, State.STOPPED)
        store.tree.state("svc", NODE).write_bytes(b"garbage")
    else:
        store.record("svc", NODE, own)
    assert command("ezha stop") == 1
    assert "svc: may still run here; the heartbeats go on" in capsys.readouterr().err
    board.release()


@pytest.mark.parametrize("own", [State.STARTED, State.STOPPED, State.FROZEN_STOP, State.START_FAILED, State.START_READY])
def test_what_is_stopped_keeps_no_heartbeat_going(store, command, capsys, own):
    store.remember("svc", ready="grace")
    store.record("svc", NODE, own)
    assert command("ezha stop") == 0
    assert capsys.readouterr().err == ""


def test_a_kill_tells_what_the_other_node_will_do(store, command, capsys):
    store.record("svc", NODE, State.STARTED)
    assert command("ezha kill") == 0
    assert "svc: still runs here; the other node hears nothing" in capsys.readouterr().err
    assert store.state("svc", NODE) is State.STARTED


def test_a_program_of_a_line_that_was_changed_is_known(store, command, capsys):
    (link,) = store.monitor().heard_by(NODE)
    board = Board(store.tree.proc, link.board(listens=True)).hold()
    board.tell({"pid": 17})
    store.tree.monitor.write_text(f"{NODE} net lo 239.1.1.1 5000 60\npeer net lo 239.1.1.9 5001 60\n")
    assert command("ezha status") == 3
    assert "heartc lo 239.1.1.2 5001 runs, pid 17\n" in capsys.readouterr().out
    board.release()
    assert command("ezha status") == 3
    assert "239.1.1.2" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ezha", "ezha.init", "rc3.d/S99cluster"])
def test_ezha_finds_its_tree_through_links_of_any_name(ez, capsys, name):
    (ez / "rc3.d").mkdir()
    (ez / "rc3.d/S99cluster").symlink_to("../ezha")
    assert run([str(ez / name), "status"], {}) == 3
    assert capsys.readouterr().out == "nmond does not run\n"
