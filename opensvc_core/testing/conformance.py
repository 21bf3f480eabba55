"""The conformance suite: what every driver promises, tried on the real host.

A driver's test module subclasses it, and says by a `Case` what the suite can't know:

    class TestFlag(Conformance):
        def case(self, folder):
            return Case("[fs#1]\\ntype = flag\\n", rid="fs#1")

The driver is the installed one: the service is made, started, planned, killed and deleted as an administrator's would be.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from opensvc_core.errors import ActionFailed
from opensvc_core.instance.executors import Noted
from opensvc_core.instance.node import Node
from opensvc_core.model.process import ProcessId
from opensvc_core.model.status import Status
from opensvc_core.testing.bench import Bench, Case, Look, changes, picture

__all__ = ["Bench", "Case", "Conformance", "TaskConformance", "picture"]

# Seconds in which a process that was started shows what it runs.
_STILL = 0.2
_FAILING = "\n[app#failing]\ntype = failing\nsubset = zzz\n"


class Suite:
    """What both suites have.

    `does_not_apply` names promises that mean nothing for the driver, each with the reason: they are left out.
    """

    does_not_apply: ClassVar[Mapping[str, str]] = {}

    def case(self, folder: Path) -> Case:
        """The case of the driver under test; `folder` is an empty folder for what it makes."""
        raise NotImplementedError("a conformance suite needs its case: def case(self, folder) -> Case")

    @pytest.fixture
    def bench(self, node_below: Node, tmp_path: Path) -> Bench:
        """A service of the case, made anew for each test."""
        return self.fresh(node_below, tmp_path)

    def fresh(self, node: Node, tmp_path: Path, name: str = "conformance") -> Bench:
        """A service of the case, with an empty folder of its own."""
        folder = tmp_path / f"host.{name}"
        folder.mkdir()
        return Bench(node, self.case(folder), folder, name=name)


class Conformance(Suite):
    """The promises of a driver that starts and stops something."""

    # -- repeated

    def test_status_follows_start_and_stop(self, bench: Bench) -> None:
        """It is down at first, up (or n/a) after a start, down after a stop."""
        _shown(bench, Status.DOWN, "before the first start")
        bench.perform("start")
        _shown(bench, bench.case.up, "after a start")
        bench.perform("stop")
        _shown(bench, _stopped(bench.case), "after a stop")

    def test_second_start_changes_nothing(self, bench: Bench) -> None:
        """A start of what is up finds it so."""
        bench.perform("start")
        before, processes = _settled_look(bench), bench.processes()
        _no_changes(bench.perform("start"), "a second start changes nothing")
        _same_look(bench, before, "a second start changes nothing")
        kept(bench.processes() == processes, "a second start changes nothing", f"processes were {processes}, now {bench.processes()}")
        _shown(bench, bench.case.up, "after a second start")

    def test_second_stop_changes_nothing(self, bench: Bench) -> None:
        """A stop of what is down finds it so."""
        bench.perform("start")
        bench.perform("stop")
        before = _settled_look(bench)
        _no_changes(bench.perform("stop"), "a second stop changes nothing")
        _same_look(bench, before, "a second stop changes nothing")
        _shown(bench, _stopped(bench.case), "after a second stop")

    def test_stop_of_what_was_never_started_changes_nothing(self, bench: Bench) -> None:
        """A stop on a host that knows nothing of the resource."""
        _no_changes(bench.perform("stop"), "a stop of what is down changes nothing")
        _same_look(bench, bench.first, "a stop of what is down changes nothing")
        _shown(bench, Status.DOWN, "after a stop of what is down")

    def test_start_undoes_stop(self, bench: Bench) -> None:
        """A service that was stopped starts as it did the first time, and what a stop leaves is the same each time."""
        bench.perform("start")
        up = _settled_look(bench)
        bench.perform("stop")
        down = _settled_look(bench)
        bench.perform("start")
        _same_look(bench, up, "a start after a stop does what the first start did")
        bench.perform("stop")
        _same_look(bench, down, "a second stop leaves what the first one left")

    # -- looking

    @pytest.mark.parametrize("is_up", [False, True], ids=["down", "up"])
    def test_status_changes_nothing(self, bench: Bench, is_up: bool) -> None:
        """To look is not to touch."""
        _bring(bench, is_up=is_up)
        before = bench.everything()
        bench.status()
        bench.status()
        kept(bench.everything() == before, "a status changes nothing", f"before: {before}\n  after: {bench.everything()}")

    @pytest.mark.parametrize("is_up", [False, True], ids=["down", "up"])
    @pytest.mark.parametrize("action", ["start", "stop", "restart", "provision", "unprovision"])
    def test_plan_changes_nothing(self, bench: Bench, action: str, is_up: bool) -> None:
        """A plan is words only."""
        _bring(bench, is_up=is_up)
        before = bench.everything()
        bench.service.plan(action)
        kept(bench.everything() == before, f"the plan of {action} changes nothing", f"before: {before}\n  after: {bench.everything()}")

    @pytest.mark.parametrize("is_up", [False, True], ids=["down", "up"])
    @pytest.mark.parametrize("action", ["start", "stop", "restart", "provision", "unprovision"])
    def test_plan_is_what_is_done(self, bench: Bench, action: str, is_up: bool) -> None:
        """Exactly the planned operations are carried out, in that order."""
        _bring(bench, is_up=is_up)
        planned = bench.planned(action)
        _as_planned(planned, changes(bench.perform(action)), action)
        _shown(bench, _after(bench, action, was_up=is_up), f"after {action}")

    # -- failures

    def test_start_killed_anywhere_is_completed_by_the_next(self, bench: Bench) -> None:
        """The agent is killed before and after each operation of a start; the status is true then, and a start completes."""
        bench.perform("start")
        up = _settled_look(bench)
        bench.clean()
        operations = bench.planned("start")
        kept(bool(operations), "a start of what is down yields the operations that it needs", "it yields none that changes the host")
        for point in range(2 * len(operations)):
            where = _where(operations, point)
            kept(bench.killed("start", point), f"a start yields what its plan says, {where}", "it ended before")
            _tells_the_truth(bench, f"after a start that was killed {where}")
            completes(bench, "start", f"a start completes one that was killed {where}")
            _shown(bench, bench.case.up, f"after a start that completes one killed {where}")
            _same_look(bench, up, f"a start completes one that was killed {where}")
            bench.clean()

    def test_start_killed_anywhere_can_be_stopped(self, bench: Bench) -> None:
        """The same, but the administrator gives up and stops it."""
        bench.perform("start")
        bench.clean()
        down = _settled_look(bench)
        operations = bench.planned("start")
        for point in range(2 * len(operations)):
            where = _where(operations, point)
            bench.killed("start", point)
            completes(bench, bench.cleaner, f"a stop takes away what a start left that was killed {where}")
            _shown(bench, Status.DOWN, f"after a stop of what a start left that was killed {where}")
            _same_look(bench, down, f"a stop takes away what a start left that was killed {where}")

    def test_stop_killed_anywhere_is_completed_by_the_next(self, bench: Bench) -> None:
        """The agent is killed before and after each operation of a stop; the status is true then, and a stop completes."""
        bench.perform("start")
        operations = bench.planned("stop")
        kept(
            bool(operations) is not bench.case.keeps_at_stop,
            "a stop of what is up yields the operations that it needs",
            f"it yields {_texts(operations) or 'none that changes the host'}, and keeps_at_stop is {bench.case.keeps_at_stop}",
        )
        bench.perform("stop")
        down = _settled_look(bench)
        for point in range(2 * len(operations)):
            where = _where(operations, point)
            bench.perform("start")
            kept(bench.killed("stop", point), f"a stop yields what its plan says, {where}", "it ended before")
            _tells_the_truth(bench, f"after a stop that was killed {where}")
            completes(bench, "stop", f"a stop completes one that was killed {where}")
            _shown(bench, Status.DOWN, f"after a stop that completes one killed {where}")
            _same_look(bench, down, f"a stop completes one that was killed {where}")

    def test_removed_behind_its_back_is_seen_and_started_again(self, bench: Bench) -> None:
        """Somebody takes away what the driver has brought up."""
        if bench.case.remove is None:
            pytest.skip("the case has no `remove`; `does_not_apply` says why a promise is left out")
        bench.perform("start")
        up = _settled_look(bench)
        bench.case.remove(bench.service)
        seen = bench.settles(lambda: bench.status() is not bench.case.up)
        kept(seen, "what is gone is seen to be gone", f"it is still shown as {bench.case.up}")
        completes(bench, "start", "a start brings back what was taken away")
        _shown(bench, bench.case.up, "after a start of what was taken away")
        _same_look(bench, up, "a start brings back what was taken away")

    def test_rollback_restores_the_host(self, bench: Bench) -> None:
        """A later resource of the same service fails: what this one did is taken back."""
        other = bench.also("rollback", bench.case.text + _FAILING)
        before = other.look()
        with pytest.raises(ActionFailed, match="as the test asks"):
            other.perform("start")
        _same_look(other, before, "a start that fails further on is taken back as a whole")
        _shown(other, Status.DOWN, "after a rollback")

    def test_rollback_leaves_what_was_up_before(self, bench: Bench) -> None:
        """A rollback takes back what this start did, and nothing else: here it did nothing."""
        bench.perform("start")
        up = _settled_look(bench)
        bench.service.change(lambda document: type(document).parse(document.text() + _FAILING, path=document.path))
        with pytest.raises(ActionFailed, match="as the test asks"):
            bench.perform("start")
        _same_look(bench, up, "a rollback leaves alone what was up before the start")
        _shown(bench, bench.case.up, "after a rollback of a start that found it up")

    def test_time_limit_is_kept(self, bench: Bench) -> None:
        """A start that hangs is given up in time, with all of its processes, and leaves nothing."""
        if not bench.case.hanging:
            pytest.skip("the case has no `hanging`; `does_not_apply` says why a promise is left out")
        _time_limit(bench, "start")

    # -- at the end

    def test_nothing_is_left_behind(self, bench: Bench) -> None:
        """Stopped, unprovisioned and deleted, a service has never been there."""
        bench.perform("start")
        bench.perform("stop")
        if bench.is_provisionable:
            bench.perform("unprovision")
        _nothing_left(bench, is_kept=bench.case.keeps_at_stop and not bench.is_provisionable)


class TaskConformance(Suite):
    """The promises of a task: it is run, and over when its command ends."""

    def test_can_be_run_again(self, bench: Bench) -> None:
        """A second run does what the first one did."""
        first = changes(bench.perform("run"))
        kept(bool(first), "a run yields the operations that it needs", "it yields none that changes the host")
        _as_planned(first, changes(bench.perform("run")), "a second run")
        has_ended = bench.settles(lambda: not bench.processes())
        kept(has_ended, "a task is over when its command ends", f"processes: {_settled_look(bench).processes}")

    def test_status_changes_nothing(self, bench: Bench) -> None:
        """To look is not to touch."""
        bench.perform("run")
        before = bench.everything()
        bench.status()
        kept(bench.everything() == before, "a status changes nothing", f"before: {before}\n  after: {bench.everything()}")

    def test_plan_changes_nothing(self, bench: Bench) -> None:
        """A plan is words only."""
        before = bench.everything()
        bench.service.plan("run")
        kept(bench.everything() == before, "the plan of run changes nothing", f"before: {before}\n  after: {bench.everything()}")

    def test_plan_is_what_is_done(self, bench: Bench) -> None:
        """Exactly the planned operations are carried out, in that order."""
        _as_planned(bench.planned("run"), changes(bench.perform("run")), "run")

    def test_run_killed_anywhere_can_be_repeated(self, node_below: Node, tmp_path: Path) -> None:
        """The agent is killed before and after each operation of the first run; the status is no error then, and a run completes."""
        whole = self.fresh(node_below, tmp_path)
        operations = whole.planned("run")
        whole.perform("run")
        done = _settled_look(whole)
        for point in range(2 * len(operations)):
            where = _where(operations, point)
            bench = self.fresh(node_below, tmp_path, f"killed{point}")
            kept(bench.killed("run", point), f"a run yields what its plan says, {where}", "it ended before")
            can_be_told(bench, f"after a run that was killed {where}")
            completes(bench, "run", f"a run repeats one that was killed {where}")
            _same_look(bench, done, f"a run repeats one that was killed {where}")

    def test_time_limit_is_kept(self, bench: Bench) -> None:
        """A run that hangs is given up in time, with all of its processes."""
        if not bench.case.hanging:
            pytest.skip("the case has no `hanging`; `does_not_apply` says why a promise is left out")
        _time_limit(bench, "run")

    def test_nothing_is_left_behind(self, bench: Bench) -> None:
        """Of a deleted service only what its command did is left."""
        bench.perform("run")
        _nothing_left(bench, is_kept=True)


# -- the promises


def kept(is_kept: bool, promise: str, facts: str) -> None:
    __tracebackhide__ = True
    if not is_kept:
        raise AssertionError(f"the promise is broken: {promise}\n  {facts}")


def _shown(bench: Bench, expected: Status, when: str) -> None:
    __tracebackhide__ = True
    follows = bench.settles(lambda: bench.status() is expected)
    seen = bench.seen()
    said = "; ".join(message.text for message in seen.messages)
    kept(follows, f"{bench.case.rid} is shown as {expected} {when}", f"it is {seen.status}" + (f": {said}" if said else ""))


def _same_look(bench: Bench, expected: Look, promise: str) -> None:
    __tracebackhide__ = True
    is_same = bench.settles(lambda: bench.look() == expected)
    kept(is_same, promise, f"expected: {expected}\n  found: {bench.look()}")


def _no_changes(operations: Sequence[Noted], promise: str) -> None:
    __tracebackhide__ = True
    kept(not changes(operations), promise, f"it did: {_texts(changes(operations))}")


def _as_planned(planned: Sequence[Noted], done: Sequence[Noted], action: str) -> None:
    """What depends on something (it has a condition) may be left out; all else is done as planned."""
    __tracebackhide__ = True
    waiting = list(planned)
    for operation in done:
        while waiting and waiting[0].condition and not _is_same(waiting[0], operation):
            waiting.pop(0)
        is_next = bool(waiting) and _is_same(waiting[0], operation)
        kept(is_next, f"{action} does what is planned", f"planned: {_texts(planned)}\n  done: {_texts(done)}")
        waiting.pop(0)
    left = [operation for operation in waiting if not operation.condition]
    kept(not left, f"{action} does all that is planned", f"planned: {_texts(planned)}\n  done: {_texts(done)}")


def completes(bench: Bench, action: str, promise: str) -> None:
    __tracebackhide__ = True
    try:
        bench.perform(action)
    except ActionFailed as error:
        raise AssertionError(f"the promise is broken: {promise}\n  {action} failed: {error}") from error


def can_be_told(bench: Bench, when: str) -> None:
    __tracebackhide__ = True
    seen = bench.seen()
    kept(seen.status is not Status.UNDEF, f"status can be told {when}", "; ".join(message.text for message in seen.messages))


def _tells_the_truth(bench: Bench, when: str) -> None:
    """Up means that a start has nothing to do, down that it has; and a look is always possible."""
    __tracebackhide__ = True
    can_be_told(bench, when)
    kept(
        bench.settles(lambda: _is_true(bench)),
        f"the status is true {when}",
        f"it is {bench.status()}, and a start would do: {_texts(bench.planned('start')) or 'nothing'}",
    )


def _is_true(bench: Bench) -> bool:
    status, has_work = bench.status(), bool(bench.planned("start"))
    return {bench.case.up: not has_work, Status.DOWN: has_work}.get(status, status is Status.WARN)


def _time_limit(bench: Bench, action: str) -> None:
    __tracebackhide__ = True
    other = bench.also("hanging", bench.case.hanging)
    began = time.monotonic()
    try:
        other.perform(action)
    except ActionFailed:
        pass
    else:
        kept(False, f"a {action} that hangs fails when its time is up", "it ended as if all were well")
    seconds = time.monotonic() - began
    kept(seconds <= bench.case.limit, f"a {action} that hangs is given up within {bench.case.limit:g}s", f"it took {seconds:.1f}s")
    processes = other.settles(lambda: not other.processes())
    kept(processes, f"a {action} that is given up leaves no process", f"processes: {other.look().processes}")
    _same_look(other, other.first, f"a {action} that is given up is taken back")


def _nothing_left(bench: Bench, *, is_kept: bool) -> None:
    __tracebackhide__ = True
    paths, path, node = bench.node.paths, bench.service.path, bench.node
    identity, look = bench.service.instance().facts.id, bench.look()
    bench.service.delete()
    left = [str(place) for place in (paths.state(path), paths.run / path.state_path, paths.log_file(path)) if place.exists()]
    kept(not left, "a deleted service leaves no state", f"left: {left}")

    def living() -> list[ProcessId]:
        return [*node.host.find_processes({"OPENSVC_SVC_ID": identity}), *node.host.group_processes(bench.cgroup)]

    end = time.monotonic() + bench.case.settle
    while (processes := living()) and time.monotonic() < end:
        time.sleep(0.02)
    node.host.end_processes(processes, grace=1.0)  # nobody else will: the service is no longer known
    kept(not processes, "a deleted service leaves no process", f"left: {look.processes}")
    group = node.host.groups.directory(bench.cgroup) if node.host.groups else None
    kept(not (group and group.exists()), "a deleted service leaves no control group", f"left: {group}")
    if not is_kept:
        kept(look.driver == bench.first.driver, "a deleted service leaves the host as it was", f"before: {bench.first}\n  left: {look}")


# -- small words


def _bring(bench: Bench, *, is_up: bool) -> None:
    if is_up:
        bench.perform("start")
        bench.settles(lambda: bench.status() is bench.case.up)
        _settled_look(bench)


def _stopped(case: Case) -> Status:
    return case.up if case.keeps_at_stop else Status.DOWN


def _after(bench: Bench, action: str, *, was_up: bool) -> Status:
    if action == "stop":
        return _stopped(bench.case) if was_up else Status.DOWN
    return Status.DOWN if action == "unprovision" and (bench.is_provisionable or not bench.case.keeps_at_stop) else bench.case.up


def _settled_look(bench: Bench) -> Look:
    """The look once it no longer changes: a process shows its command line a moment after it was started."""
    looks = [bench.look()]

    def is_still() -> bool:
        time.sleep(_STILL)
        looks.append(bench.look())
        return looks[-1] == looks[-2]

    bench.settles(is_still)
    return looks[-1]


def _where(operations: Sequence[Noted], point: int) -> str:
    return f"{'after' if point % 2 else 'before'} operation {point // 2 + 1} ({operations[point // 2].text})"


def _texts(operations: Sequence[Noted]) -> list[str]:
    return [
        f"{operation.rid}: {operation.text}" + (f" (if {operation.condition})" if operation.condition else "") for operation in operations
    ]


def _is_same(one: Noted, other: Noted) -> bool:
    return (one.rid, one.text) == (other.rid, other.text)
