"""The promises of a host that lacks something, of paths, of two at once: a driver that keeps them passes, each that breaks one is found."""

import os
import subprocess
from types import MappingProxyType

import pytest

from opensvc_core.testing.conformance import Case, Conformance, TaskConformance
from opensvc_core.testing.forks import Fork, held, killed
from opensvc_core.testing.programs import Programs, called_by
from opensvc_core.testing.rights import closed, give_up

from .broken_hardships import (
    Ascii,
    BlindStatus,
    HalfProvision,
    HalfTaken,
    LeavesChild,
    LeavesMount,
    NotesFirst,
    OneBench,
    OneDesk,
    OnePlace,
    Optimist,
    Peeks,
    Races,
    Shell,
    ShellTask,
    Silent,
    SilentProvision,
    SilentStop,
    SilentTask,
    Splits,
    Strays,
    TakesAll,
    Tooled,
    Trips,
    TripsOverMaking,
    TripsOverRights,
    TripsTask,
    UnnamedTask,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="what root loses is looked at: run it as root")


class TestTooled(Conformance):
    """A driver that calls programs, and keeps its promises."""

    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "to copy a file does not hang"})

    @pytest.fixture
    def node_below(self, node_with):
        return node_with(Tooled)

    def case(self, folder):
        text = f"[fs#1]\ntype = tooled\nfolder = {folder}\n"
        return Case(text, rid="fs#1", remove=lambda _service: (folder / "b").unlink(), settle=0.05)


PROGRAM = Conformance.test_missing_program_is_told
PROVISION = Conformance.test_missing_program_of_a_provision_is_told
KILLED_PROVISION = Conformance.test_provision_killed_anywhere_is_completed_by_the_next
RIGHTS = Conformance.test_missing_rights_are_told
MAKING_RIGHTS = Conformance.test_missing_rights_of_a_provision_are_told
PATHS = Conformance.test_paths_may_have_blanks_and_any_letters
TWO = Conformance.test_two_at_once_are_as_if_alone
TWO_MADE = Conformance.test_two_made_at_once_are_as_if_alone
LEFT = Conformance.test_nothing_is_left_behind
ANY_PATH = "where a path has blanks and letters of any alphabet"


@pytest.mark.parametrize(
    ("cls", "test", "promise"),
    [
        (BlindStatus, PROGRAM, "what is up is not shown as down without ls"),
        (Optimist, PROGRAM, "what is down is not shown as up without ls"),
        (Silent, PROGRAM, "start without cp does what it should, or says why it can't"),
        (SilentStop, PROGRAM, "stop without rm does what it should, or says why it can't"),
        (HalfTaken, PROGRAM, "a start that fails without cp is taken back"),
        (Trips, PROGRAM, "start without true does what it should, or says why it can't"),
        (SilentProvision, PROVISION, "provision without mkdir does what it should, or says why it can't"),
        (HalfProvision, KILLED_PROVISION, r"provision completes one that was killed after operation 1 \(make\)"),
        pytest.param(Peeks, RIGHTS, "what is up is not shown as down without rights", marks=as_root),
        (TripsOverRights, RIGHTS, "start without rights does what it should, or says why it can't"),
        (TripsOverMaking, MAKING_RIGHTS, "provision without rights does what it should, or says why it can't"),
        (NotesFirst, RIGHTS, "the status is true after a start that failed without rights"),
        (Shell, PATHS, f"start completes {ANY_PATH}"),
        (Ascii, PATHS, f"start is planned {ANY_PATH}"),
        (Splits, PATHS, f"start completes {ANY_PATH}"),
        (Strays, PATHS, f"start touches its own folder alone {ANY_PATH}"),
        (OnePlace, TWO, "stop completes when another one does the same meanwhile"),
        (TakesAll, TWO, "fs#1 is shown as up when another one was stopped"),
        (Races, TWO, "fs#1 is shown as up when two are started at once"),
        (OneBench, TWO_MADE, "provision completes when another one does the same meanwhile"),
        (LeavesChild, LEFT, "a deleted service leaves no process"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_promise_is_found(tried, cls, test, promise):
    with pytest.raises(AssertionError, match=f"the promise is broken: {promise}"):
        tried(Conformance(), test, cls)


@as_root
def test_a_mount_that_is_left_is_found(made, tmp_path):
    try:
        with pytest.raises(AssertionError, match=r"the promise is broken: a deleted service leaves no mount\n.*\n.*host/point"):
            LEFT(Conformance(), made(LeavesMount, footprint=str))
    finally:
        subprocess.run(["umount", "-l", tmp_path / "host" / "point"], check=True)


@pytest.mark.parametrize(
    ("cls", "test", "promise"),
    [
        (SilentTask, TaskConformance.test_missing_program_is_told, "a run without touch that is none is no success"),
        (UnnamedTask, TaskConformance.test_missing_program_is_told, "run without touch does what it should, or says why it can't"),
        (TripsTask, TaskConformance.test_missing_rights_are_told, "run without rights does what it should, or says why it can't"),
        (ShellTask, TaskConformance.test_paths_may_have_blanks_and_any_letters, f"run completes {ANY_PATH}"),
        (OneDesk, TaskConformance.test_two_at_once_are_as_if_alone, "a run beside another one leaves what it leaves alone"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_promise_of_a_task_is_found(tried, cls, test, promise):
    with pytest.raises(AssertionError, match=f"the promise is broken: {promise}"):
        tried(TaskConformance(), test, cls)


# -- what they are made of


def test_programs_are_told_that_are_called_by_their_names():
    def call():
        for argv in (["true"], ["/bin/true"], ["sh", "-c", "cat /dev/null"]):
            subprocess.run(argv, check=True)

    assert called_by(call) == ["sh", "true"]


def test_all_programs_are_there_but_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"/nowhere:{os.environ['PATH']}")
    with Programs() as programs:
        for _ in range(2):
            with programs.without("cat") as path:
                found = subprocess.run(
                    ["/bin/sh", "-c", "command -v cat; command -v ls"], env={"PATH": path}, capture_output=True, check=True
                )
                assert found.stdout.decode().strip().endswith("/ls")


@as_root
def test_without_rights_nothing_is_left_of_root_but_its_number(tmp_path):
    def do():
        give_up()
        with pytest.raises(PermissionError):
            (tmp_path / "made").touch()
        return subprocess.run(["sh", "-c", "id -u; grep Cap /proc/self/status"], capture_output=True, text=True, check=True).stdout

    with closed(tmp_path):
        told = Fork(do).told().split()
    assert told[0] == "0"
    assert {int(one, 16) for name, one in zip(told[1::2], told[2::2], strict=True) if name != "CapBnd:"} == {0}
    (tmp_path / "made").touch()


def test_what_fails_in_a_process_of_its_own_is_told(capfd):
    with pytest.raises(AssertionError, match="failed: ZeroDivisionError: division by zero"):
        Fork(lambda: str(1 / 0)).told()
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_an_action_is_killed_at_its_point_or_ends_before():
    def perform(watch):
        for is_done in (False, True):
            watch(None, is_done)

    assert [killed(perform, point) for point in (0, 1, 2)] == [True, True, False]


def test_an_action_stands_still_until_it_is_left(tmp_path):
    def perform(watch):
        watch(None, False)
        (tmp_path / "done").touch()
        return "told"

    with held(perform, 0) as found:
        assert found.has_come
        assert not (tmp_path / "done").exists()
    assert (found.told, (tmp_path / "done").exists()) == ("told", True)
    with held(perform, 1) as found:
        assert not found.has_come
