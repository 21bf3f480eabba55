"""The conformance suite of tasks: what every driver of something that is run promises, tried on the real host."""

from __future__ import annotations

from pathlib import Path

import pytest

from opensvc_core.instance.node import Node
from opensvc_core.testing.bench import Bench, Look, changes
from opensvc_core.testing.beside import run_at_once
from opensvc_core.testing.hardships import run_endured, without_programs, without_rights
from opensvc_core.testing.judging import (
    as_planned,
    at_point,
    can_be_told,
    completes,
    kept,
    nothing_left,
    same_look,
    settled_look,
    time_limit,
    untouched,
)
from opensvc_core.testing.paths import does_anywhere, place_beside
from opensvc_core.testing.report import looks_at
from opensvc_core.testing.suite import Suite


class TaskConformance(Suite):
    """The promises of a task: it is run, and over when its command ends."""

    @looks_at("run")
    def test_can_be_run_again(self, bench: Bench) -> None:
        """A second run does what the first one did."""
        first = changes(bench.perform("run"))
        kept(bool(first), "a run yields the operations that it needs", "it yields none that changes the host")
        as_planned(first, changes(bench.perform("run")), "a second run")
        has_ended = bench.settles(lambda: not bench.processes())
        kept(has_ended, "a task is over when its command ends", f"processes: {settled_look(bench).processes}")

    @looks_at("status")
    def test_status_changes_nothing(self, bench: Bench) -> None:
        """To look is not to touch."""
        bench.perform("run")
        before = bench.everything()
        bench.status()
        untouched(bench, before, "a status changes nothing")

    @looks_at("run")
    def test_plan_changes_nothing(self, bench: Bench) -> None:
        """A plan is words only."""
        before = bench.everything()
        bench.service.plan("run")
        untouched(bench, before, "the plan of run changes nothing")

    @looks_at("run")
    def test_plan_is_what_is_done(self, bench: Bench) -> None:
        """Exactly the planned operations are carried out, in that order."""
        as_planned(bench.planned("run"), changes(bench.perform("run")), "run")

    @looks_at("run", "status")
    def test_run_killed_anywhere_can_be_repeated(self, node_below: Node, tmp_path: Path) -> None:
        """The agent is killed before and after each operation of the first run; the status is no error then, and a run completes."""
        whole = self.fresh(node_below, tmp_path)
        operations = whole.planned("run")
        whole.perform("run")
        done = settled_look(whole)
        for point in range(2 * len(operations)):
            where = at_point(operations, point)
            bench = self.fresh(node_below, tmp_path, f"killed{point}")
            kept(bench.killed("run", point), f"a run yields what its plan says, {where}", "it ended before")
            can_be_told(bench, f"after a run that was killed {where}")
            completes(bench, "run", f"a run repeats one that was killed {where}")
            same_look(bench, done, f"a run repeats one that was killed {where}")

    @looks_at("run", "host_problem")
    def test_missing_program_is_told(self, bench: Bench) -> None:
        """Of each program that it calls: where that alone is missing, a run that fails names it, and is completed later."""
        done = _done(bench)
        for number, hardship in enumerate(without_programs(bench, "run")):
            run_endured(self.fresh(bench.node, bench.folder.parent, f"lacking{number}"), hardship, done)

    @looks_at("run")
    def test_missing_rights_are_told(self, bench: Bench) -> None:
        """Root without capabilities, who may not write where the case is: a run that fails says why, and is completed later."""
        done = _done(bench)
        other = self.fresh(bench.node, bench.folder.parent, "closed")
        run_endured(other, without_rights(other), done)

    @looks_at("case", "run")
    def test_paths_may_have_blanks_and_any_letters(self, bench: Bench) -> None:
        """It is run in the folder of the case, which has both in its name, and changes nothing elsewhere."""
        does_anywhere(self.fresh(bench.node, place_beside(bench), "beside"), "run")

    @looks_at("run", "case")
    def test_two_at_once_are_as_if_alone(self, bench: Bench) -> None:
        """Two services with a task each run it at the same time; `case` names other things for the second."""
        run_at_once(bench, self.fresh(bench.node, bench.folder.parent, "beside"))

    @looks_at("run")
    def test_time_limit_is_kept(self, bench: Bench) -> None:
        """A run that hangs is given up in time, with all of its processes."""
        if not bench.case.hanging:
            pytest.skip("the case has no `hanging`; `does_not_apply` says why a promise is left out")
        time_limit(bench, "run")

    @looks_at("run")
    def test_nothing_is_left_behind(self, bench: Bench) -> None:
        """Of a deleted service only what its command did is left."""
        bench.perform("run")
        nothing_left(bench, is_kept=True)


def _done(bench: Bench) -> Look:
    """What a run leaves."""
    bench.perform("run")
    return settled_look(bench)
