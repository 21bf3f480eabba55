"""The conformance suite itself: a driver that keeps its promises passes, and each broken promise is found."""

from pathlib import Path
from types import MappingProxyType

import pytest

from opensvc_core.testing.conformance import Case, Conformance, TaskConformance

from .broken_drivers import (
    AlwaysUp,
    Forgiving,
    GreedyUndo,
    HalfIsAnError,
    HalfIsDown,
    HalfIsUp,
    HalfStart,
    Hanging,
    IdleStop,
    LeavingGroup,
    LeavingOpen,
    LeavingProcess,
    Littering,
    LitteringOutside,
    LongerPlan,
    Makes,
    NoUndo,
    NoUnprovision,
    OtherPlan,
    Remembering,
    RemovesAgain,
    Sample,
    StartsAgain,
    StayingHalf,
    StopsAgain,
    Straying,
    TouchingPlan,
    TouchingStatus,
)
from .broken_tasks import EndlessTask, OnceOnly, OtherTaskPlan, SlowTask, StuckTask, Task, TouchingTask


class TestSample(Conformance):
    """A driver that keeps its promises passes the whole suite."""

    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "it is shown below, with a start that hangs"})

    @pytest.fixture
    def node_below(self, node_with):
        return node_with(Sample)

    def case(self, folder):
        text = f"[fs#1]\ntype = sample\nfolder = {folder}\n"
        return Case(text, rid="fs#1", remove=lambda _service: (folder / "b").unlink(), settle=0.05)


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
MADE_AGAIN = Conformance.test_second_provision_and_unprovision_change_nothing
OPEN = Conformance.test_no_file_is_left_open
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
        (Makes, MADE_AGAIN, "a provision of what is there leaves it as it is"),
        (RemovesAgain, MADE_AGAIN, "a second unprovision changes nothing"),
        (LeavingOpen, OPEN, "no file is left open in the agent"),
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
        test(Conformance(), made(cls, hangs="", limit=1.0 if cls is Hanging else 30.0))


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
        Conformance().test_plan_changes_nothing(made(TouchingPlan), is_up=False)


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
    more = {"hangs": "optional = false\n", "limit": 1.0} if cls is SlowTask else {}
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
