"""Copies: what one makes here for itself is taken away when it has ended, and what a killed one has left before a stop."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from opensvc_core.api import ActionFailed, ActionInterrupted, Call, Command, Keyword, Resource, Status, Syncable, Together, hookimpl, text
from opensvc_core.instance.request import Request
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.system.locks import InstanceLock
from opensvc_core.testing.forks import Fork
from opensvc_core.testing.nodes import end_all, make_node
from opensvc_core.testing.waiting import wait_for


class Mounting(Resource, Syncable):
    """It needs two files for its copies, the second of which stands for a mount on the first."""

    id = "sync.mounting"
    folder = Keyword(text, required=True, text="Where the files are.")
    command = Keyword(text, required=True, text="What copies.")

    def status(self):
        return Status.NA

    @property
    def files(self):
        return [Path(self.folder) / name for name in ("a", "b")]

    def sync(self, targets):
        for file in self.files:
            yield Call(f"make {file.name}", lambda file=file: file.touch(exist_ok=False), undo=Call(f"rm {file.name}", file.unlink))
        (outcome,) = yield Together([Command(["sh", "-c", self.command])])
        if isinstance(outcome, ActionFailed):
            raise outcome

    def sweep(self):
        for file in filter(Path.exists, reversed(self.files)):
            yield Call(f"rm {file.name}", file.unlink)


class Sending(Mounting):
    """The other node has something to do afterwards."""

    id = "sync.sending"

    def sync(self, targets):
        yield from super().sync(targets)
        self.sent = dict.fromkeys(targets, 1.0)


# It closes what it inherits, as ssh does, and lasts until it is let go.
SSH = f"""\
#!{sys.executable}
import os, pathlib, sys, time
os.closerange(3, 256)
if sys.argv[-1] == "cat":
    sys.exit(255)
folder = pathlib.Path(__file__).parent
(folder / "begun").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
"""


@hookimpl
def opensvc_register_drivers():
    return [Mounting, Sending]


@pytest.fixture
def service(tmp_path):
    """Makes a service that is up, whose copy is this command."""
    node = make_node(tmp_path / "root", more=[EntryPoint(DRIVERS, cls.id, __name__, "tests") for cls in (Mounting, Sending)])
    (tmp_path / "made").mkdir()

    def make(command, kind="mounting"):
        sync = f"[sync#1]\ntype = {kind}\nfolder = {tmp_path}/made\ncommand = {command}\n[sync#i0]\ndisable = true\n"
        made = node.create("web", f"[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n{sync}")
        made.perform(Request("start"), lambda _event: None)
        return made

    yield make
    end_all(node)


def texts(operations):
    return [noted.text for noted in operations]


def test_what_a_copy_has_made_is_taken_away_in_reverse_also_in_the_plan(service, tmp_path):
    web = service("true")
    wanted = ["make a", "make b", "sh -c true", "rm b", "rm a"]
    assert texts(web.plan("sync_nodes").operations) == wanted
    assert texts(web.perform(Request("sync_nodes"), lambda _event: None)) == wanted
    assert list((tmp_path / "made").iterdir()) == []


def test_a_copy_that_fails_leaves_nothing(service, tmp_path):
    with pytest.raises(ActionFailed, match="sh -c false: exit code 1"):
        service("false").perform(Request("sync_nodes"), lambda _event: None)
    assert list((tmp_path / "made").iterdir()) == []


def test_an_interrupted_copy_leaves_nothing_and_stays_interrupted(service, tmp_path):
    web, cancel = service("sleep 60"), threading.Event()

    def interrupt(noted, is_done):
        if noted.text.startswith("sh ") and not is_done:
            cancel.set()

    with pytest.raises(ActionInterrupted):
        web.perform(Request("sync_nodes"), lambda _event: None, cancel=cancel, watch=interrupt)
    assert cancel.is_set()
    assert list((tmp_path / "made").iterdir()) == []


def test_what_a_killed_copy_has_left_is_taken_away_before_a_stop(service, tmp_path):
    web = service("true")
    (tmp_path / "made/a").touch()
    done = texts(web.perform(Request("stop"), lambda _event: None))
    assert done[0] == "rm a"
    assert len(done) == 2


def test_a_killed_copy_is_under_way_until_the_other_node_has_done_its_part(service, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    ssh, begun, go = (tmp_path / "bin" / name for name in ("ssh", "begun", "go"))
    ssh.write_text(SSH)
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    web = service("true", "sending")
    lock = InstanceLock(web.state.sync_lock_file, name="web")
    copy = Fork(lambda: str(web.perform(Request("sync_nodes"), lambda _event: None)))
    try:
        wait_for(begun.exists)
    finally:
        os.kill(copy.pid, signal.SIGKILL)
        copy.end()
    try:
        assert lock.holder() is not None
    finally:
        go.touch()
    wait_for(lambda: lock.holder() is None)
