"""The conformance suite itself: a driver that keeps its promises passes, and each broken promise is found."""

import os
import subprocess
import time
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import pytest

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Keyword,
    Provisionable,
    Resource,
    Runnable,
    Setting,
    Startable,
    Status,
    hookimpl,
    text,
)
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.testing.bench import Bench
from opensvc_core.testing.conformance import Case, Conformance, TaskConformance
from opensvc_core.testing.nodes import end_all, make_node


class Sample(Resource, Startable):
    """Two files, made one after the other."""

    id = "fs.sample"
    folder = Keyword(text, required=True, text="Where the files are.")

    @property
    def files(self):
        return [Path(self.folder) / name for name in ("a", "b")]

    def status(self):
        there = [file.exists() for file in self.files]
        return Status.UP if all(there) else Status.WARN if any(there) else Status.DOWN

    def start(self):
        if self.seen() is Status.UP:
            yield Already("is up")
            return
        for file in self.files:
            if self.assumed is Status.DOWN or not file.exists():
                yield Call(f"touch {file}", file.touch, undo=Call(f"rm {file}", file.unlink))

    def stop(self):
        there = [file for file in self.files if file.exists()]
        if not there:
            yield Already("is down")
        for file in there:
            yield Call(f"rm {file}", file.unlink)


class HalfStart(Sample):
    """A start that takes the first file for the whole."""

    id = "fs.halfstart"

    def start(self):
        if self.files[0].exists():
            yield Already("is up")
        else:
            yield from super().start()


class AlwaysUp(Sample):
    id = "fs.alwaysup"

    def status(self):
        return Status.UP


class HalfIsUp(Sample):
    """A status that takes the first file for the whole."""

    id = "fs.halfisup"

    def status(self):
        return Status.UP if self.files[0].exists() else Status.DOWN


class HalfIsDown(Sample):
    """A status that is down while half is there, of which its start takes no notice."""

    id = "fs.halfisdown"

    def status(self):
        return Status.UP if all(file.exists() for file in self.files) else Status.DOWN

    def start(self):
        if any(file.exists() for file in self.files):
            yield Already("is being started")
        else:
            yield from super().start()


class HalfIsAnError(Sample):
    id = "fs.halfisanerror"

    def status(self):
        seen = super().status()
        if seen is Status.WARN:
            raise KeyError("half")
        return seen


class Remembering(Sample):
    """A status that is remembered, not seen."""

    id = "fs.remembering"
    known: ClassVar[dict] = {}

    def status(self):
        return self.known.get(self.folder, Status.DOWN)

    def start(self):
        yield from super().start()
        if self.assumed is None:
            self.known[self.folder] = Status.UP

    def stop(self):
        yield from super().stop()
        if self.assumed is None:
            self.known[self.folder] = Status.DOWN


class OtherPlan(Sample):
    """Operations that are another thing each time."""

    id = "fs.otherplan"

    def start(self):
        for operation in super().start():
            yield (
                Call(f"{operation} at {time.monotonic_ns()}", operation.do, undo=operation.undo)
                if isinstance(operation, Call)
                else operation
            )


class LongerPlan(Sample):
    """A plan with more than what is done."""

    id = "fs.longerplan"

    def start(self):
        was_up = self.seen() is Status.UP
        yield from super().start()
        if not was_up and not self.files[0].exists():
            yield Call("something that is never done", int)


class IdleStop(Sample):
    id = "fs.idlestop"

    def stop(self):
        yield Already("is down")


class StartsAgain(Sample):
    id = "fs.startsagain"

    def start(self):
        for file in self.files:
            yield Call(f"touch {file}", file.touch, undo=Call(f"rm {file}", file.unlink))


class StayingHalf(Sample):
    """A stop that takes half of it for nothing."""

    id = "fs.stayinghalf"

    def stop(self):
        if not all(file.exists() for file in self.files):
            yield Already("is down")
        else:
            yield from super().stop()


class StopsAgain(Sample):
    id = "fs.stopsagain"

    def stop(self):
        for file in self.files:
            yield Call(f"rm -f {file}", lambda file=file: file.unlink(missing_ok=True))


class TouchingStatus(Sample):
    id = "fs.touchingstatus"

    def status(self):
        self.context.var_dir.mkdir(parents=True, exist_ok=True)
        (self.context.var_dir / "seen").write_text(str(time.monotonic_ns()))
        return super().status()


class TouchingPlan(Sample):
    """It does something beside what it yields."""

    id = "fs.touchingplan"

    def start(self):
        (Path(self.folder) / "plan").write_text(str(time.monotonic_ns()))
        yield from super().start()


class NoUndo(Sample):
    id = "fs.noundo"

    def start(self):
        yield from (Call(one.text, one.do) if isinstance(one, Call) else one for one in super().start())


class GreedyUndo(Sample):
    """Its undo takes away what was there before the start."""

    id = "fs.greedyundo"

    def start(self):
        yield Call("look", int, undo=Call("rm all", lambda: [file.unlink(missing_ok=True) for file in self.files]))
        yield from super().start()


class Hanging(Sample):
    id = "fs.hanging"

    def start(self):
        yield Command(["sleep", "1.5"])
        raise ActionFailed("at last")


class Forgiving(Sample):
    """Its start takes the end of its time for a success."""

    id = "fs.forgiving"

    def start(self):
        try:
            yield Command(["sleep", "60"], timeout=0.1)
        except ActionFailed:
            yield Call(f"touch {self.files[0]}", lambda: [file.touch() for file in self.files])


class Straying(Sample):
    """What it has started is still there when its time is up."""

    id = "fs.straying"

    def start(self):
        environment = self.context.environment()
        yield Call("stray", lambda: _spawn({**os.environ, **environment}))
        yield Command(["sleep", "60"], timeout=0.1)


class Littering(Sample):
    """A stop that leaves a file where drivers keep theirs."""

    id = "fs.littering"

    def start(self):
        yield from super().start()
        self.context.service.run_dir.mkdir(parents=True, exist_ok=True)
        (self.context.service.run_dir / "litter").touch()


class LitteringOutside(Sample):
    id = "fs.litteringoutside"

    def start(self):
        yield from super().start()
        (Path(self.folder) / "litter").touch()


class LeavingProcess(Sample):
    """A stop that leaves a process."""

    id = "fs.leavingprocess"

    def start(self):
        yield from super().start()
        yield Command(["sleep", "60"], detached=True, watch=0, setting=Setting(environment=self.context.environment()))


class LeavingGroup(Sample):
    """A stop that leaves an empty control group."""

    id = "fs.leavinggroup"

    def start(self):
        yield from super().start()
        yield Command(["true"], setting=Setting(cgroup=f"{self.context.service.cgroup}/other"))


class NoUnprovision(Sample, Provisionable):
    """What it says to take away stays."""

    id = "fs.nounprovision"

    def is_provisioned(self):
        return (Path(self.folder) / "made").exists()

    def provision(self):
        yield Call("make", (Path(self.folder) / "made").touch)

    def unprovision(self):
        yield Already("is gone")

    def start(self):
        if not (Path(self.folder) / "made").exists():
            yield Call("make", (Path(self.folder) / "made").touch)
        yield from super().start()


class Task(Resource, Runnable):
    """A task that writes a file."""

    id = "task.sample"
    folder = Keyword(text, required=True, text="Where the file is.")

    @property
    def file(self):
        return Path(self.folder) / "done"

    def status(self):
        return Status.NA

    def run(self):
        yield Call(f"touch {self.file}", self.file.touch)
        yield Call(f"chmod 600 {self.file}", lambda: self.file.chmod(0o600))


class OnceOnly(Task):
    id = "task.onceonly"

    def run(self):
        if self.file.exists():
            yield Already("was run before")
        else:
            yield from super().run()


class OtherTaskPlan(Task):
    id = "task.otherplan"

    def run(self):
        yield Call(f"touch {self.file} at {time.monotonic_ns()}", self.file.touch)


class TouchingTask(Task):
    id = "task.touching"

    def status(self):
        self.file.write_text(str(time.monotonic_ns()))
        return Status.NA

    def run(self):
        self.status()
        yield from super().run()


class StuckTask(Task):
    """A run that is never completed once it was begun, and a status that fails then."""

    id = "task.stuck"

    def status(self):
        if self.file.exists() and self.file.stat().st_mode & 0o77:
            raise KeyError("half")
        return Status.NA


class EndlessTask(Task):
    id = "task.endless"

    def run(self):
        yield Command(["sleep", "60"], detached=True, watch=0, setting=Setting(environment=self.context.environment()))


class SlowTask(Task):
    id = "task.slow"

    def run(self):
        yield Command(["sleep", "1.5"])
        raise ActionFailed("at last")


def _spawn(environment):
    subprocess.Popen(["sleep", "60"], env=environment, start_new_session=True).returncode = 0  # waited for by nobody


@hookimpl
def opensvc_register_drivers():
    found = [Sample, Task]
    for cls in found:
        found.extend(cls.__subclasses__())
    return found


@pytest.fixture
def node_with(tmp_path):
    """Makes a node that has a driver of this module."""
    nodes = []

    def make(cls):
        nodes.append(make_node(tmp_path / "root", more=[EntryPoint(DRIVERS, cls.id, __name__, "tests")]))
        return nodes[-1]

    yield make
    for node in nodes:
        end_all(node)


@pytest.fixture
def made(node_with, tmp_path):
    """Makes a bench for a driver of this module."""

    def make(cls, **more):
        folder = tmp_path / "host"
        folder.mkdir()
        node = node_with(cls)
        rid = f"{cls.id.partition('.')[0]}#1"
        optional = "optional = false\n" if cls is SlowTask else ""
        config = f"[{rid}]\ntype = {cls.id.partition('.')[2]}\nfolder = {folder}\n{optional}"
        case = Case(config, rid=rid, remove=lambda _service: (folder / "b").unlink(), settle=0.05, limit=1.0)
        more = {**more, "hanging": config} if "hanging" in more else more
        return Bench(node, Case(**{**vars(case), **more}), folder)

    return make


class TestSample(Conformance):
    """A driver that keeps its promises passes the whole suite."""

    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "it is shown below, with a start that hangs"})

    @pytest.fixture
    def bench(self, made):
        return made(Sample)


class TestTask(TaskConformance):
    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "it is shown below, with a run that hangs"})
    kind = "sample"

    @pytest.fixture
    def node_below(self, node_with):
        return node_with(Task)

    def case(self, folder):
        return Case(f"[task#1]\ntype = {self.kind}\nfolder = {folder}\n", rid="task#1", settle=0.05)


def test_a_run_that_stays_half_done_is_found(node_with, tmp_path):
    suite = TestTask()
    suite.kind = "stuck"
    with pytest.raises(AssertionError, match="the promise is broken: status can be told after a run that was killed after operation 1"):
        suite.test_run_killed_anywhere_can_be_repeated(node_with(StuckTask), tmp_path)


FOLLOWS = Conformance.test_status_follows_start_and_stop
SECOND_START = Conformance.test_second_start_changes_nothing
SECOND_STOP = Conformance.test_second_stop_changes_nothing
NEVER_STARTED = Conformance.test_stop_of_what_was_never_started_changes_nothing
AGAIN = Conformance.test_start_undoes_stop
KILLED_START = Conformance.test_start_killed_anywhere_is_completed_by_the_next
KILLED_THEN_STOPPED = Conformance.test_start_killed_anywhere_can_be_stopped
KILLED_STOP = Conformance.test_stop_killed_anywhere_is_completed_by_the_next
REMOVED = Conformance.test_removed_behind_its_back_is_seen_and_started_again
ROLLBACK = Conformance.test_rollback_restores_the_host
ROLLBACK_OF_NOTHING = Conformance.test_rollback_leaves_what_was_up_before
LIMIT = Conformance.test_time_limit_is_kept
NOTHING_LEFT = Conformance.test_nothing_is_left_behind


@pytest.mark.parametrize(
    ("cls", "test", "promise"),
    [
        (AlwaysUp, FOLLOWS, "fs#1 is shown as down before the first start"),
        (IdleStop, FOLLOWS, "fs#1 is shown as down after a stop"),
        (StartsAgain, SECOND_START, "a second start changes nothing"),
        (StopsAgain, SECOND_STOP, "a second stop changes nothing"),
        (StopsAgain, NEVER_STARTED, "a stop of what is down changes nothing"),
        (LeavingProcess, AGAIN, "a start after a stop does what the first start did"),
        (HalfStart, KILLED_START, "a start completes one that was killed after operation 1"),
        (HalfIsUp, KILLED_START, "a start completes one that was killed after operation 1"),
        (HalfIsDown, KILLED_START, "the status is true after a start that was killed after operation 1"),
        (HalfIsAnError, KILLED_START, "status can be told after a start that was killed after operation 1"),
        (HalfIsAnError, KILLED_STOP, "status can be told after a stop that was killed after operation 1"),
        (StayingHalf, KILLED_THEN_STOPPED, "fs#1 is shown as down after a stop of what a start left that was killed after operation 1"),
        (StayingHalf, KILLED_STOP, "fs#1 is shown as down after a stop that completes one killed after operation 1"),
        (IdleStop, KILLED_STOP, "a stop of what is up yields the operations that it needs"),
        (HalfIsUp, REMOVED, "what is gone is seen to be gone"),
        (Remembering, REMOVED, "what is gone is seen to be gone"),
        (NoUndo, ROLLBACK, "a start that fails further on is taken back as a whole"),
        (GreedyUndo, ROLLBACK_OF_NOTHING, "a rollback leaves alone what was up before the start"),
        (Littering, NOTHING_LEFT, "a deleted service leaves no state"),
        (LitteringOutside, NOTHING_LEFT, "a deleted service leaves the host as it was"),
        (LeavingProcess, NOTHING_LEFT, "a deleted service leaves no process"),
        (NoUnprovision, NOTHING_LEFT, "a deleted service leaves the host as it was"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_promise_is_found(made, cls, test, promise):
    bench = made(cls)
    with pytest.raises(AssertionError, match=f"the promise is broken: {promise}"):
        test(Conformance(), bench)


def test_an_empty_control_group_that_a_driver_leaves_goes_with_its_service(made):
    bench = made(LeavingGroup)
    NOTHING_LEFT(Conformance(), bench)
    assert not bench.node.host.groups or not bench.node.host.groups.directory(bench.cgroup).exists()


@pytest.mark.parametrize("test", [LIMIT], ids=["limit"])
@pytest.mark.parametrize(
    ("cls", "promise"),
    [
        (Hanging, "a start that hangs is given up within 1s"),
        (Forgiving, "a start that hangs fails when its time is up"),
        (Straying, "a start that is given up leaves no process"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_time_limit_is_found(made, test, cls, promise):
    with pytest.raises(AssertionError, match=f"the promise is broken: {promise}"):
        test(Conformance(), made(cls, hanging=True))


@pytest.mark.parametrize("cls", [OtherPlan, LongerPlan], ids=lambda cls: cls.__name__)
def test_a_plan_that_differs_is_found(made, cls):
    with pytest.raises(AssertionError, match=r"the promise is broken: start does (all that|what) is planned\n  planned: .*\n  done: "):
        Conformance().test_plan_is_what_is_done(made(cls), "start", is_up=False)


def test_a_restart_planned_as_if_nothing_were_stopped_is_found(made, monkeypatch):
    monkeypatch.setattr(Sample, "seen", Sample.status)
    with pytest.raises(AssertionError, match="the promise is broken: restart does what is planned"):
        Conformance().test_plan_is_what_is_done(made(Sample), "restart", is_up=True)


def test_a_plan_that_touches_the_host_is_found(made):
    with pytest.raises(AssertionError, match="the promise is broken: the plan of start changes nothing"):
        Conformance().test_plan_changes_nothing(made(TouchingPlan), "start", is_up=False)


def test_a_status_that_touches_the_host_is_found(made):
    with pytest.raises(AssertionError, match="the promise is broken: a status changes nothing"):
        Conformance().test_status_changes_nothing(made(TouchingStatus), is_up=False)


@pytest.mark.parametrize(
    ("cls", "test", "promise"),
    [
        (OnceOnly, TaskConformance.test_can_be_run_again, "a second run does all that is planned"),
        (EndlessTask, TaskConformance.test_can_be_run_again, "a task is over when its command ends"),
        (OtherTaskPlan, TaskConformance.test_plan_is_what_is_done, "run does what is planned"),
        (TouchingTask, TaskConformance.test_status_changes_nothing, "a status changes nothing"),
        (TouchingTask, TaskConformance.test_plan_changes_nothing, "the plan of run changes nothing"),
        (EndlessTask, TaskConformance.test_nothing_is_left_behind, "a deleted service leaves no process"),
        (SlowTask, TaskConformance.test_time_limit_is_kept, "a run that hangs is given up within 1s"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_promise_of_a_task_is_found(made, cls, test, promise):
    more = {"hanging": True} if cls is SlowTask else {}
    with pytest.raises(AssertionError, match=f"the promise is broken: {promise}"):
        test(TaskConformance(), made(cls, **more))


def test_a_suite_without_a_case_says_what_it_needs():
    with pytest.raises(NotImplementedError, match="def case"):
        Conformance().case(Path())


def test_a_driver_that_can_not_be_had_is_named(made):
    bench = made(Sample)
    bench.service.file.write_text("[fs#1]\ntype = nosuch\n")
    with pytest.raises(AssertionError, match=r"fs#1 can't be had: no installed plugin provides fs\.nosuch"):
        _ = bench.resource
