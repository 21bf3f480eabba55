import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from opensvc_openha.files import Board, alone, replace
from opensvc_openha.services import Service
from opensvc_openha.states import State
from opensvc_openha.store import Store
from opensvc_openha.tree import Tree

from opensvc_core.errors import OpensvcError

SERVICE = Service("svc", "/bin/true", "n1", "n2", "/bin/true")


@pytest.fixture
def told():
    return []


@pytest.fixture
def store(tmp_path, told):
    tree = Tree.below(tmp_path / "ez")
    for folder in (tree.proc, tree.states, tree.monitor.parent):
        folder.mkdir(parents=True)
    return Store(tree, told.append)


def test_a_state_is_made_with_the_first_one(store, told):
    assert store.state("svc", "n1") is State.FROZEN_STOP
    path = store.tree.state("svc", "n1")
    assert told == [f"Directory {path.parent} created", f"State file {path} created with initial state FROZEN_STOP"]
    assert path.read_bytes() == b"6\0"
    assert path.parent.stat().st_mode & 0o777 == 0o744


@pytest.mark.parametrize("state", State)
def test_a_state_is_recorded(store, state):
    store.record("svc", "n1", state)
    assert store.tree.state("svc", "n1").read_bytes() == b"%d\0" % state
    assert store.state("svc", "n1") is state


def test_nothing_but_states_lies_in_the_folder_of_a_service(store):
    store.record("svc", "n1", State.STARTED)
    store.remember("svc", ran_here=True)
    with store.working("svc").hold().lock.open():
        assert [path.name for path in store.tree.folder("svc").iterdir()] == ["STATE.n1"]


@pytest.mark.parametrize("content", [b"", b"-\0", b"STARTED\n", b"\0", b"\xff"])
def test_a_file_with_garbage_is_no_state(store, content):
    store.record("svc", "n1", State.STARTED)
    store.tree.state("svc", "n1").write_bytes(content)
    assert store.state("svc", "n1") is None


def test_what_is_remembered_stays_until_the_service_is_forgotten(store):
    store.remember("svc", ran_here=True)
    store.remember("svc", ready="grace")
    assert store.memory("svc") == {"ran_here": True, "ready": "grace"}
    store.state("svc", "n1")
    store.forget(SERVICE)
    assert store.memory("svc") == {}
    assert not store.tree.folder("svc").exists()


def test_nothing_is_lost_where_several_remember_at_once(store):
    """As the manager and commands do; each of them, read in between, finds it whole."""
    together = threading.Barrier(8)

    def remember(writer):
        together.wait()
        for number in range(20):
            store.remember("svc", **{f"{writer}.{number}": True})
            assert f"{writer}.{number}" in store.memory("svc")

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(remember, writer) for writer in range(8)]:
            done.result()
    assert len(store.memory("svc")) == 8 * 20
    assert [path for path in store.tree.proc.parent.iterdir() if path.name.endswith(".tmp")] == []


def test_who_does_not_come_to_its_end_is_told_of(store):
    store.remember("svc", ran_here=True)
    with alone(store.tree.proc / "memory.svc.lock"), pytest.raises(OSError, match="another program has it locked"):
        store.remember("svc", ran_here=False)
    assert store.memory("svc") == {"ran_here": True}


def test_a_file_that_can_not_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace(tmp_path / "folder/file", b"content")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_a_board_is_told_only_while_its_program_runs(tmp_path):
    board, other = Board(tmp_path / "proc", "nmond"), Board(tmp_path / "proc", "nmond")
    assert not other.is_held()
    board.hold()
    board.tell({"pid": os.getpid()})
    assert other.told() == {"pid": os.getpid()}
    with pytest.raises(OpensvcError, match="nmond: it runs already"):
        other.hold()
    board.release()
    assert other.told() is None
    assert other.left() == {"pid": os.getpid()}


def test_a_board_that_is_half_written_tells_nothing(tmp_path):
    board = Board(tmp_path / "proc", "nmond").hold()
    board.file.write_bytes(b'{"pid": ')
    assert board.told() is None
    board.release()
