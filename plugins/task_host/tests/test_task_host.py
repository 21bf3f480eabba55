import time
from datetime import datetime

import pytest
from opensvc_driver_task_host.driver import Host
from opensvc_driver_task_host.record import Run, begin, begun, read, write

from opensvc_core.api import ActionFailed, ActionTimeout, Observation, Status


def seen(resource):
    status = resource.status()
    if not isinstance(status, Observation):
        return str(status), []
    return str(status.status), [message.text for message in status.messages]


def task(bench, **values):
    return bench.make(Host, "task#1", **values)


def test_before_the_first_run_nothing_is_known(bench):
    assert task(bench, command="/bin/true").status() is Status.NA


def test_a_run_that_succeeds(bench):
    one = task(bench, command=bench.script("backup", "echo 3 files"))
    bench.follow(one.run(), "task#1")
    assert bench.lines("output") == ["3 files"]
    assert bench.lines("done")[0].startswith("run done in ")
    assert seen(one) == ("up", [])
    assert one.label() == "task: backup"


def test_a_run_that_fails_is_recorded_and_told(bench):
    one = task(bench, command=bench.script("backup", "exit 3"))
    with pytest.raises(ActionFailed, match="backup as user root: exit code 3"):
        bench.follow(one.run(), "task#1")
    status, messages = seen(one)
    assert status == "warn" and messages[0].endswith("ended with exit code 3")


def test_a_later_run_replaces_the_record(bench):
    one = task(bench, command=f"test -e {bench.folder}/now")
    with pytest.raises(ActionFailed):
        bench.follow(one.run(), "task#1")
    (bench.folder / "now").touch()
    bench.follow(one.run(), "task#1")
    assert seen(one) == ("up", [])


def test_a_run_that_hangs_is_ended_and_recorded(bench):
    one = task(bench, command=bench.script("backup", "sleep 600 & sleep 601"), timeout="0.3s")
    with pytest.raises(ActionTimeout):
        bench.follow(one.run(), "task#1")
    assert seen(one)[1][0].endswith("was ended when its time was up")
    assert bench.has_ended()


def test_a_command_that_can_not_be_run(bench):
    script = bench.script("backup", "exit 0", mode=0o644)
    one = task(bench, command=script)
    with pytest.raises(ActionFailed, match=r"backup: not executable; chmod \+x it\Z"):
        bench.follow(one.run(), "task#1")


def test_a_plan_is_what_is_executed(bench):
    one = task(bench, command="/bin/true")
    planned = bench.plan(one.run())
    assert one.status() is Status.NA
    bench.follow(one.run(), "task#1")
    assert bench.executed() == planned


def test_a_command_with_a_pipe_is_run_by_a_shell(bench):
    bench.follow(task(bench, command="echo a | tr a b").run(), "task#1")
    assert bench.lines("output") == ["b"]


def test_user_and_umask(bench, is_root):
    bench.follow(task(bench, command=bench.script("t", "id -un; umask"), user="nobody", umask="077").run(), "task#1")
    assert bench.lines("output") == ["nobody", "0077"]


@pytest.mark.parametrize("text", ["true", "5", "false", ""])
def test_a_command_is_a_command(text):
    with pytest.raises(ValueError, match="is no command"):
        Host.command.convert(text)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}'])
def test_a_damaged_record_is_no_record(tmp_path, text):
    (tmp_path / "last_run").write_text(text)
    assert read(tmp_path / "last_run") is None


def test_a_record_is_read_as_it_was_written(bench):
    one = task(bench, command="/bin/true")
    bench.follow(one.run(), "task#1")
    found = read(one.file)
    assert isinstance(found, Run) and found.code == 0 and found.moment.endswith("+00:00")


def test_the_begin_of_a_run_is_recorded_before_it_runs(bench):
    one = task(bench, command="/bin/true")
    assert one.last_run() is None
    one = task(bench, command=f"cat {one.begin_file}")
    before = time.time()
    bench.follow(one.run(), "task#1")
    assert before - 1 <= one.last_run() <= time.time()
    assert datetime.fromisoformat(bench.lines("output")[0]).timestamp() == one.last_run()


def test_a_run_that_fails_was_begun(bench):
    one = task(bench, command="/bin/false")
    with pytest.raises(ActionFailed):
        bench.follow(one.run(), "task#1")
    assert one.last_run() is not None


@pytest.mark.parametrize("text", ["", "x", "\0", "9" * 40])
def test_a_damaged_record_of_the_begin_leaves_that_of_the_end(tmp_path, text):
    (tmp_path / "last_begin").write_text(text)
    assert begun(tmp_path / "last_begin", tmp_path / "last_run") is None
    write(tmp_path / "last_run", Run(0, "2026-03-02T10:00:00+00:00"))
    assert begun(tmp_path / "last_begin", tmp_path / "last_run") == 1772445600
    begin(tmp_path / "last_begin", "2026-03-02T09:00:00+00:00")
    assert begun(tmp_path / "last_begin", tmp_path / "last_run") == 1772442000


def test_a_schedule_is_checked(bench):
    assert task(bench, command="/bin/true", schedule="@10").schedule == "@10"
    with pytest.raises(ValueError, match="no weekday"):
        Host.schedule.convert("10:00 x")
