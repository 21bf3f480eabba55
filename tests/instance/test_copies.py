"""Copies: what one makes here for itself is taken away when it has ended, and what a killed one has left before a stop."""

import threading
from pathlib import Path

import pytest

from opensvc_core.api import ActionFailed, ActionInterrupted, Call, Command, Keyword, Resource, Status, Syncable, Together, hookimpl, text
from opensvc_core.instance.request import Request
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.testing.nodes import end_all, make_node


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


@hookimpl
def opensvc_register_drivers():
    return [Mounting]


@pytest.fixture
def service(tmp_path):
    """Makes a service that is up, whose copy is this command."""
    node = make_node(tmp_path / "root", more=[EntryPoint(DRIVERS, Mounting.id, __name__, "tests")])
    (tmp_path / "made").mkdir()

    def make(command):
        sync = f"[sync#1]\ntype = mounting\nfolder = {tmp_path}/made\ncommand = {command}\n[sync#i0]\ndisable = true\n"
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
