"""The promises of copies: a driver that keeps them passes, and each broken one is found."""

import json
import os
import shutil
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Keyword,
    Observation,
    Resource,
    Status,
    Syncable,
    Together,
    hookimpl,
    text,
)
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.testing.nodes import end_all, make_node
from opensvc_core.testing.syncing import SyncCase, SyncConformance

TARGETS = ("n2", "n3")


class Copying(Resource, Syncable):
    """A file that is copied to a folder for each node."""

    id = "sync.copying"
    folder = Keyword(text, required=True, text="Where the file is, and the folders of the nodes.")

    def status(self):
        return Observation(Status.UP)

    def copy(self, node):
        shutil.copy(Path(self.folder) / "here", Path(self.folder) / node)

    def sync(self, targets):
        began = time.time()
        outcomes = yield Together([Call(f"copy to {node}", partial(self.copy, node)) for node in targets])
        failed = [node for node, outcome in zip(targets, outcomes, strict=True) if isinstance(outcome, ActionFailed)]
        self.sent = {node: began for node in targets if node not in failed}
        self.tell(failed)

    def tell(self, failed):
        if failed:
            raise ActionFailed(f"no copy to {', '.join(failed)}")

    @property
    def file(self):
        return self.context.var_dir / "moments"

    def last_syncs(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def note_syncs(self, moments):
        self.context.var_dir.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({**self.last_syncs(), **moments}))

    def last_run(self):
        return min(self.last_syncs().values(), default=None)


class OneByOne(Copying):
    """One that fails ends it for all that follow."""

    id = "sync.onebyone"

    def sync(self, targets):
        began, self.sent = time.time(), {}
        for node in targets:
            yield Call(f"copy to {node}", partial(self.copy, node))
            self.sent = {**self.sent, node: began}


class Silent(Copying):
    id = "sync.silent"

    def tell(self, failed):
        pass


class Nameless(Copying):
    id = "sync.nameless"

    def tell(self, failed):
        if failed:
            raise ActionFailed("it did not work")


class Boasting(Copying):
    """What failed counts as copied."""

    id = "sync.boasting"

    def tell(self, failed):
        self.sent = dict.fromkeys(TARGETS, time.time())
        super().tell(failed)


class Early(Copying):
    """It notes a copy before it makes it."""

    id = "sync.early"

    def sync(self, targets):
        yield Call("note", partial(self.note_syncs, dict.fromkeys(targets, time.time())))
        yield from super().sync(targets)


class Late(Copying):
    """It notes when a copy ended, so that what was changed meanwhile is taken for copied."""

    id = "sync.late"

    def note_syncs(self, moments):
        super().note_syncs({node: moment if moment < 10 else time.time() + 3600 for node, moment in moments.items()})


class Forgetful(Copying):
    id = "sync.forgetful"

    def note_syncs(self, moments):
        self.file.unlink(missing_ok=True)
        super().note_syncs(moments)


class Hopeful(Copying):
    """The last copy counts, whatever it was of."""

    id = "sync.hopeful"

    def last_run(self):
        return max(self.last_syncs().values(), default=None)


class Unheeding(Copying):
    """It copies by a program, and does not look at what became of it."""

    id = "sync.unheeding"

    def sync(self, targets):
        began = time.time()
        for node in targets:
            yield Command(["cp", f"{self.folder}/here", f"{self.folder}/{node}"], succeeds=range(-64, 256))
        self.sent = dict.fromkeys(targets, began)


class Stuck(Copying):
    """It takes what a killed one has begun for one that goes on."""

    id = "sync.stuck"

    def sync(self, targets):
        mark = Path(self.folder) / "mark"
        if mark.exists():
            yield Already("is running")
            return
        yield Call("mark", mark.touch)
        yield from super().sync(targets)
        yield Call("unmark", mark.unlink)


class OnceOnly(Copying):
    id = "sync.onceonly"

    def copy(self, node):
        if not (Path(self.folder) / node).exists():
            super().copy(node)


class TouchingPlan(Copying):
    """It copies beside what it yields."""

    id = "sync.touchingplan"

    def sync(self, targets):
        self.copy(targets[0])
        yield from super().sync(targets)


class OtherPlan(Copying):
    id = "sync.otherplan"

    def sync(self, targets):
        yield Call(f"look at {time.monotonic_ns()}", int)
        yield from super().sync(targets)


class TouchingStatus(Copying):
    id = "sync.touchingstatus"

    def status(self):
        self.note_syncs({"n2": 1.0})
        return Status.UP


@hookimpl
def opensvc_register_drivers():
    return [Copying, *Copying.__subclasses__()]


@contextmanager
def broken(folder, node):
    """No file can be written over a folder that is not empty."""
    (folder / node).unlink(missing_ok=True)
    (folder / node / "here").mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder / node)


@pytest.fixture
def suite_of(tmp_path, monkeypatch):
    """Makes the suite of a driver, with its bench; that the nodes are told of it succeeds, for who has an ssh that does nothing."""
    nodes = []
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ssh").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "bin/ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    def make(cls):
        node = make_node(tmp_path / "root", more=[EntryPoint(DRIVERS, cls.id, __name__, "tests")])
        nodes.append(node)
        suite = Copies()
        suite.kind = cls.id.partition(".")[2]
        bench = suite.fresh(node, tmp_path)
        bench.perform("start")
        return suite, bench

    yield make
    for node in nodes:
        end_all(node)


class Copies(SyncConformance):
    kind = "copying"

    def case(self, folder):
        here = folder / "here"
        here.write_text("1")
        config = f"[DEFAULT]\nnodes = n1 n2 n3\n[fs#1]\ntype = flag\n[sync#1]\ntype = {self.kind}\nfolder = {folder}\n"
        return SyncCase(
            f"{config}[sync#i0]\ndisable = true\n",
            rid="sync#1",
            targets=TARGETS,
            change=lambda: here.write_text(f"{here.read_text()}1"),
            here=here.read_text,
            there=lambda node: (folder / node).read_text() if (folder / node).exists() else None,
            broken=partial(broken, folder),
        )


class TestCopying(Copies):
    """A driver that keeps its promises passes the whole suite."""

    @pytest.fixture
    def bench(self, suite_of):
        return suite_of(Copying)[1]


EACH = "test_each_node_gets_the_data_each_time"
FAILS = "test_a_node_that_fails_keeps_no_other_from_its_copy"
MOMENTS = "test_moments_are_remembered_for_each_node"
PLAN = "test_plan_changes_nothing_and_is_what_is_done"
PROGRAM = "test_missing_program_is_told"
KILLED = "test_a_copy_killed_anywhere_is_completed_by_the_next"


@pytest.mark.parametrize(
    ("cls", "test", "promise"),
    [
        (OnceOnly, EACH, "a copy makes the data of each node those of this one"),
        (Late, EACH, "a copy is noted for each node with the moment of its beginning"),
        (OneByOne, FAILS, "n2, which fails, keeps no other from its copy"),
        (Silent, FAILS, "a copy that fails for one node is no success"),
        (Nameless, FAILS, "a node that fails is named"),
        (Boasting, FAILS, "a copy that failed is noted as none"),
        (Forgetful, MOMENTS, "what is noted of a node is remembered, beside what is known of others"),
        (Hopeful, MOMENTS, "the last complete copy is as old as the oldest of its copies"),
        (TouchingPlan, PLAN, "the plan of a copy changes nothing"),
        (OtherPlan, PLAN, "a copy does what is planned"),
        (Unheeding, PROGRAM, "a copy without cp makes the data of each node those of this one"),
        (TouchingStatus, "test_status_changes_nothing", "a status changes nothing"),
        (Early, KILLED, "a copy that was killed after its operation 1 is noted only where it is complete"),
        (Stuck, KILLED, "a copy completes one that was killed after its operation 1"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_promise_is_found(suite_of, cls, test, promise):
    suite, bench = suite_of(cls)
    with pytest.raises(AssertionError, match=f"the promise is broken: {promise}"):
        getattr(suite, test)(bench)


def test_a_suite_without_a_case_says_what_it_needs():
    with pytest.raises(NotImplementedError, match="-> SyncCase"):
        SyncConformance().case(Path())
