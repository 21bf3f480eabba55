"""The conformance suite: what every driver promises, tried on the real host.

A driver's test module subclasses it, and says by a `Case` what the suite can't know:

    class TestFlag(Conformance):
        def case(self, folder):
            return Case("[fs#1]\\ntype = flag\\n", rid="fs#1")

The driver is the installed one: the service is made, started, planned, killed and deleted as an administrator's would be.
"""

from __future__ import annotations

import pytest

from opensvc_core.errors import ActionFailed
from opensvc_core.model.status import Status
from opensvc_core.testing.bench import Bench, Case, changes, open_files, picture
from opensvc_core.testing.beside import provision_at_once, start_and_stop_at_once
from opensvc_core.testing.hardships import PROVISIONING, STATUS, endured, programs_of, provision_endured, without_programs, without_rights
from opensvc_core.testing.judging import (
    as_planned,
    at_point,
    bring,
    can_be_told,
    completes,
    kept,
    no_changes,
    nothing_left,
    same_look,
    settled_look,
    shown,
    status_after,
    status_when_stopped,
    tells_the_truth,
    texts,
    time_limit,
    untouched,
)
from opensvc_core.testing.paths import does_anywhere, place_beside
from opensvc_core.testing.report import CARRIED_OUT_BY, looks_at
from opensvc_core.testing.suite import Suite
from opensvc_core.testing.tasks import TaskConformance

__all__ = ["Bench", "Case", "Conformance", "TaskConformance", "picture"]

_FAILING = "\n[app#failing]\ntype = failing\nsubset = zzz\n"


class Conformance(Suite):
    """The promises of a driver that starts and stops something."""

    # -- repeated

    @looks_at("status", "start", "stop")
    def test_status_follows_start_and_stop(self, bench: Bench) -> None:
        """It is down at first, up (or n/a) after a start, down after a stop."""
        shown(bench, Status.DOWN, "before the first start")
        bench.perform("start")
        shown(bench, bench.case.up, "after a start")
        bench.perform("stop")
        shown(bench, status_when_stopped(bench.case), "after a stop")

    @looks_at("start")
    def test_second_start_changes_nothing(self, bench: Bench) -> None:
        """A start of what is up finds it so."""
        bench.perform("start")
        before, processes = settled_look(bench), bench.processes()
        no_changes(bench.perform("start"), "a second start changes nothing")
        same_look(bench, before, "a second start changes nothing")
        kept(bench.processes() == processes, "a second start changes nothing", f"processes were {processes}, now {bench.processes()}")
        shown(bench, bench.case.up, "after a second start")

    @looks_at("stop")
    def test_second_stop_changes_nothing(self, bench: Bench) -> None:
        """A stop of what is down finds it so."""
        bench.perform("start")
        bench.perform("stop")
        before = settled_look(bench)
        no_changes(bench.perform("stop"), "a second stop changes nothing")
        same_look(bench, before, "a second stop changes nothing")
        shown(bench, status_when_stopped(bench.case), "after a second stop")

    @looks_at("stop", "status")
    def test_stop_of_what_was_never_started_changes_nothing(self, bench: Bench) -> None:
        """A stop on a host that knows nothing of the resource."""
        no_changes(bench.perform("stop"), "a stop of what is down changes nothing")
        same_look(bench, bench.first, "a stop of what is down changes nothing")
        shown(bench, Status.DOWN, "after a stop of what is down")

    @looks_at("start", "stop")
    def test_start_undoes_stop(self, bench: Bench) -> None:
        """A service that was stopped starts as it did the first time, and what a stop leaves is the same each time."""
        bench.perform("start")
        up = settled_look(bench)
        bench.perform("stop")
        down = settled_look(bench)
        bench.perform("start")
        same_look(bench, up, "a start after a stop does what the first start did")
        bench.perform("stop")
        same_look(bench, down, "a second stop leaves what the first one left")

    @looks_at("provision", "unprovision", "is_provisioned")
    def test_second_provision_and_unprovision_change_nothing(self, bench: Bench) -> None:
        """What is there is not made again, and what is gone is not missed; of a driver that makes nothing there is nothing to see."""
        bench.perform("provision")
        made = settled_look(bench)
        no_changes(bench.perform("provision"), "a second provision changes nothing")
        same_look(bench, made, "a second provision changes nothing")
        bench.perform("stop")
        bench.service.set_provisioned(value=False)
        bench.perform("provision")
        same_look(bench, made, "a provision of what is there leaves it as it is")
        bench.perform("unprovision")
        gone = settled_look(bench)
        no_changes(bench.perform("unprovision"), "a second unprovision changes nothing")
        same_look(bench, gone, "a second unprovision changes nothing")

    @looks_at("start", "stop", "status")
    def test_no_file_is_left_open(self, bench: Bench) -> None:
        """An agent that starts and stops for years has as many files open as on its first day."""
        for action in ("start", "stop"):
            bench.perform(action)
        before = open_files()
        for action in ("start", "stop"):
            bench.perform(action)
            bench.status()
        bench.settles(lambda: len(open_files()) <= len(before))
        left = open_files()
        kept(len(left) <= len(before), "no file is left open in the agent", f"opened: {sorted({*left.values()} - {*before.values()})}")

    # -- looking

    @looks_at("status")
    @pytest.mark.parametrize("is_up", [False, True], ids=["down", "up"])
    def test_status_changes_nothing(self, bench: Bench, is_up: bool) -> None:
        """To look is not to touch."""
        bring(bench, is_up=is_up)
        before = bench.everything()
        bench.status()
        bench.status()
        untouched(bench, before, "a status changes nothing")

    @pytest.mark.parametrize("is_up", [False, True], ids=["down", "up"])
    def test_plan_changes_nothing(self, bench: Bench, is_up: bool) -> None:
        """A plan is words only."""
        bring(bench, is_up=is_up)
        before = bench.everything()
        for action, methods in CARRIED_OUT_BY.items():
            bench.service.plan(action)
            untouched(bench, before, f"the plan of {action} changes nothing", *methods)

    @pytest.mark.parametrize("is_up", [False, True], ids=["down", "up"])
    @pytest.mark.parametrize("action", CARRIED_OUT_BY)
    def test_plan_is_what_is_done(self, bench: Bench, action: str, is_up: bool) -> None:
        """Exactly the planned operations are carried out, in that order."""
        bring(bench, is_up=is_up)
        planned = bench.planned(action)
        as_planned(planned, changes(bench.perform(action)), action)
        shown(bench, status_after(bench, action, was_up=is_up), f"after {action}")

    # -- failures

    @looks_at("start", "status")
    def test_start_killed_anywhere_is_completed_by_the_next(self, bench: Bench) -> None:
        """The agent is killed before and after each operation of a start; the status is true then, and a start completes."""
        bench.perform("start")
        up = settled_look(bench)
        bench.clean()
        operations = bench.planned("start")
        kept(bool(operations), "a start of what is down yields the operations that it needs", "it yields none that changes the host")
        for point in range(2 * len(operations)):
            where = at_point(operations, point)
            kept(bench.killed("start", point), f"a start yields what its plan says, {where}", "it ended before")
            tells_the_truth(bench, f"after a start that was killed {where}")
            completes(bench, "start", f"a start completes one that was killed {where}")
            shown(bench, bench.case.up, f"after a start that completes one killed {where}")
            same_look(bench, up, f"a start completes one that was killed {where}")
            bench.clean()

    @looks_at("stop", "status")
    def test_start_killed_anywhere_can_be_stopped(self, bench: Bench) -> None:
        """The same, but the administrator gives up and stops it."""
        bench.perform("start")
        bench.clean()
        down = settled_look(bench)
        operations = bench.planned("start")
        for point in range(2 * len(operations)):
            where = at_point(operations, point)
            bench.killed("start", point)
            completes(bench, bench.cleaner, f"a stop takes away what a start left that was killed {where}")
            shown(bench, Status.DOWN, f"after a stop of what a start left that was killed {where}")
            same_look(bench, down, f"a stop takes away what a start left that was killed {where}")

    @looks_at("stop", "status")
    def test_stop_killed_anywhere_is_completed_by_the_next(self, bench: Bench) -> None:
        """The agent is killed before and after each operation of a stop; the status is true then, and a stop completes."""
        bench.perform("start")
        operations = bench.planned("stop")
        kept(
            bool(operations) is not bench.case.keeps_at_stop,
            "a stop of what is up yields the operations that it needs",
            f"it yields {texts(operations) or 'none that changes the host'}, and keeps_at_stop is {bench.case.keeps_at_stop}",
        )
        bench.perform("stop")
        down = settled_look(bench)
        for point in range(2 * len(operations)):
            where = at_point(operations, point)
            bench.perform("start")
            kept(bench.killed("stop", point), f"a stop yields what its plan says, {where}", "it ended before")
            tells_the_truth(bench, f"after a stop that was killed {where}")
            completes(bench, "stop", f"a stop completes one that was killed {where}")
            shown(bench, Status.DOWN, f"after a stop that completes one killed {where}")
            same_look(bench, down, f"a stop completes one that was killed {where}")

    @looks_at("provision", "unprovision", "is_provisioned")
    def test_provision_killed_anywhere_is_completed_by_the_next(self, bench: Bench) -> None:
        """The same of what only makes it and takes it away; of a driver that makes nothing there is nothing to kill."""
        if not bench.is_provisionable:
            return
        bench.perform("provision")
        known = {operation.text for operation in bench.planned("restart")}
        bench.perform("unprovision")
        gone = settled_look(bench)
        for action, status in (("provision", bench.case.up), ("unprovision", Status.DOWN)):
            is_made_before = action == "unprovision"
            if is_made_before:
                bench.perform("provision")
            operations = bench.planned(action)
            for point in [point for point in range(2 * len(operations)) if operations[point // 2].text not in known]:
                where = at_point(operations, point)
                if is_made_before:
                    bench.perform("provision")
                kept(bench.killed(action, point), f"{action} yields what its plan says, {where}", "it ended before")
                can_be_told(bench, f"after {action} that was killed {where}")
                completes(bench, action, f"{action} completes one that was killed {where}")
                shown(bench, status, f"after {action} that completes one killed {where}")
                bench.perform("unprovision")
                same_look(bench, gone, f"{action} that was killed {where} leaves nothing")

    @looks_at("status", "start")
    def test_removed_behind_its_back_is_seen_and_started_again(self, bench: Bench) -> None:
        """Somebody takes away what the driver has brought up."""
        if bench.case.remove is None:
            pytest.skip("the case has no `remove`; `does_not_apply` says why a promise is left out")
        bench.perform("start")
        up = settled_look(bench)
        bench.case.remove(bench.service)
        seen = bench.settles(lambda: bench.status() is not bench.case.up)
        kept(seen, "what is gone is seen to be gone", f"it is still shown as {bench.case.up}")
        completes(bench, "start", "a start brings back what was taken away")
        shown(bench, bench.case.up, "after a start of what was taken away")
        same_look(bench, up, "a start brings back what was taken away")

    @looks_at("start")
    def test_rollback_restores_the_host(self, bench: Bench) -> None:
        """A later resource of the same service fails: what this one did is taken back."""
        other = bench.also("rollback", bench.case.text + _FAILING)
        before = other.look()
        with pytest.raises(ActionFailed, match="as the test asks"):
            other.perform("start")
        same_look(other, before, "a start that fails further on is taken back as a whole")
        shown(other, Status.DOWN, "after a rollback")

    @looks_at("start")
    def test_rollback_leaves_what_was_up_before(self, bench: Bench) -> None:
        """A rollback takes back what this start did, and nothing else: here it did nothing."""
        bench.perform("start")
        up = settled_look(bench)
        bench.service.change(lambda document: type(document).parse(document.text() + _FAILING, path=document.path))
        with pytest.raises(ActionFailed, match="as the test asks"):
            bench.perform("start")
        same_look(bench, up, "a rollback leaves alone what was up before the start")
        shown(bench, bench.case.up, "after a rollback of a start that found it up")

    @looks_at("start", "stop", "status", "host_problem")
    def test_missing_program_is_told(self, bench: Bench) -> None:
        """Of each program that it calls: where that alone is missing, what fails names it, and nothing is shown as what it is not."""
        for hardship in without_programs(bench, "start", STATUS, "stop", STATUS):
            endured(bench, hardship)

    @looks_at("provision", "unprovision", "host_problem")
    def test_missing_program_of_a_provision_is_told(self, bench: Bench) -> None:
        """The same of the programs that only make it and take it away; of a driver that makes nothing there are none."""
        if bench.is_provisionable:
            bench.perform("provision")
            known = programs_of(bench, "stop", "start")
            for hardship in without_programs(bench, "unprovision", *PROVISIONING, but=known):
                provision_endured(bench, hardship)

    @looks_at("start", "stop", "status")
    def test_missing_rights_are_told(self, bench: Bench) -> None:
        """Root without capabilities, who may not write where the case is: what fails says why, nothing is shown as what it is not."""
        bench.perform("start")
        bench.clean()
        endured(bench, without_rights(bench))

    @looks_at("provision", "unprovision")
    def test_missing_rights_of_a_provision_are_told(self, bench: Bench) -> None:
        """The same of what makes it and takes it away; of a driver that makes nothing there is nothing to see."""
        if bench.is_provisionable:
            for action in PROVISIONING:
                bench.perform(action)
            provision_endured(bench, without_rights(bench))

    @looks_at("case", "start", "stop", "status")
    def test_paths_may_have_blanks_and_any_letters(self, bench: Bench) -> None:
        """All is done in the folder of the case, which has both in its name, and nothing elsewhere."""
        other = self.fresh(bench.node, place_beside(bench), "beside")
        for made, gone in (("start", "stop"), *([("provision", "unprovision")] if other.is_provisionable else [])):
            does_anywhere(other, made)
            shown(other, other.case.up, f"after {made} in such a folder")
            no_changes(other.perform(made), f"a second {made} changes nothing in such a folder")
            does_anywhere(other, gone)
            shown(other, status_after(other, gone, was_up=True), f"after {gone} in such a folder")

    @looks_at("start", "stop", "status")
    def test_two_at_once_are_as_if_alone(self, bench: Bench) -> None:
        """Two services with a resource each are started and stopped at the same time; `case` names other things for the second."""
        start_and_stop_at_once(bench, self.fresh(bench.node, bench.folder.parent, "beside"))

    @looks_at("provision", "unprovision")
    def test_two_made_at_once_are_as_if_alone(self, bench: Bench) -> None:
        """The same of what makes them and takes them away; of a driver that makes nothing there is nothing to see."""
        if bench.is_provisionable:
            provision_at_once(bench, self.fresh(bench.node, bench.folder.parent, "beside"))

    @looks_at("start")
    def test_time_limit_is_kept(self, bench: Bench) -> None:
        """A start that hangs is given up in time, with all of its processes, and leaves nothing."""
        if not bench.case.hanging:
            pytest.skip("the case has no `hanging`; `does_not_apply` says why a promise is left out")
        time_limit(bench, "start")

    # -- at the end

    @looks_at("stop", "unprovision")
    def test_nothing_is_left_behind(self, bench: Bench) -> None:
        """Stopped, unprovisioned and deleted, a service has never been there."""
        bench.perform("start")
        bench.perform("stop")
        if bench.is_provisionable:
            bench.perform("unprovision")
        nothing_left(bench, is_kept=bench.case.keeps_at_stop and not bench.is_provisionable)
