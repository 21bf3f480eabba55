import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from opensvc_driver_app_simple import driver
from opensvc_driver_app_simple.driver import Simple
from opensvc_driver_app_simple.family import leaders

from opensvc_core.api import ActionFailed, ProcessId
from opensvc_core.system import processes


def seen(resource):
    status = resource.status()
    return str(status.status), [message.text for message in status.messages]


@pytest.fixture
def sleeper(bench):
    """An application of one process."""
    return bench.make(Simple, start=bench.script("sleeper", "echo here I am; exec sleep 600"))


@pytest.fixture
def watched(monkeypatch):
    """A start watches for longer than a busy machine takes to begin a program."""
    monkeypatch.setattr(driver, "_WATCH", 5.0)


@pytest.fixture
def parent(bench):
    """The text of an application that has a child."""
    return bench.script("parent", "sleep 600 & sleep 601")


def test_start_leaves_the_application_running(bench, watched, sleeper):
    bench.follow(sleeper.start())
    assert seen(sleeper) == ("up", [])
    assert sleeper.status().info == {"pids": str(bench.pids()[0])}
    assert bench.lines("output") == ["here I am"]
    assert sleeper.label() == "simple: sleeper"


def test_start_and_stop_may_be_repeated(bench, sleeper):
    bench.follow(sleeper.start())
    bench.follow(sleeper.start())
    assert bench.executed() == ["simple: sleeper is already started"]
    bench.follow(sleeper.stop())
    assert (seen(sleeper), bench.pids()) == (("down", []), [])
    bench.follow(sleeper.stop())
    assert bench.executed() == ["simple: sleeper is already stopped"]


def test_a_plan_is_what_is_executed(bench, sleeper):
    for operations in (sleeper.start, sleeper.stop):
        planned = bench.plan(operations())
        bench.follow(operations())
        assert bench.executed() == planned
    assert planned[0].startswith("kill ")


def test_an_early_end_is_a_failure(bench, monkeypatch):
    monkeypatch.setattr(driver, "_WATCH", 60.0)
    dying = bench.make(Simple, start=bench.script("s", "echo no port >&2; exit 9"))
    with pytest.raises(ActionFailed, match="exit code 9: no port"):
        bench.follow(dying.start())
    assert seen(dying)[0] == "down"


def test_a_start_is_taken_back(bench, parent):
    tree = bench.make(Simple, start=parent)
    bench.follow(tree.start()).take_back()
    assert bench.has_ended()


def test_what_ignores_sigterm_is_killed(bench):
    stubborn = bench.make(Simple, start=bench.script("s", "trap '' TERM; while :; do sleep 0.05; done"), stop_timeout="0.3s")
    bench.follow(stubborn.start())
    bench.follow(stubborn.stop())
    assert seen(stubborn)[0] == "down"


def test_a_stop_ends_the_parent_alone(bench, parent):
    one = bench.make(Simple, start=parent)
    bench.follow(one.start())
    assert bench.comes(lambda: len(bench.pids()) == 3)
    bench.follow(one.stop())
    status, messages = seen(one)
    assert status == "down"
    assert messages[0].startswith("its main process has ended, children are left: pid ")


def test_a_stop_ends_the_tree_when_asked_to(bench, parent):
    one = bench.make(Simple, start=parent, kill="tree")
    bench.follow(one.start())
    bench.follow(one.stop())
    assert (seen(one), bench.pids()) == (("down", []), [])


def test_two_copies_are_told(bench, sleeper):
    bench.follow(sleeper.start())
    copy = subprocess.Popen(["sleep", "602"], env={**os.environ, **sleeper.marks()}, start_new_session=True)
    assert bench.comes(lambda: seen(sleeper)[1]), "one that has just begun has no environment yet"
    status, messages = seen(sleeper)
    assert status == "up"
    assert messages[0].startswith("runs 2 times: pid ")
    bench.follow(sleeper.stop())
    assert copy.wait(60) == -signal.SIGTERM


def test_children_are_no_copies():
    one, child, daemon = ProcessId(10, 1), ProcessId(11, 2), ProcessId(12, 3)
    kin = {10: (1, 10), 11: (10, 11), 12: (1, 9)}
    assert leaders([one, child, daemon], lambda pid: kin[pid]) == [one]


def test_it_is_found_again_by_another_process(bench, sleeper):
    bench.follow(sleeper.start())
    program = (
        "import sys; from opensvc_core.system.processes import find;"
        "print(*[one.pid for one in find(dict(word.split('=', 1) for word in sys.argv[1:]))])"
    )
    words = [f"{name}={value}" for name, value in sleeper.marks().items()]
    found = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(pid) for pid in bench.pids()]


def test_another_process_of_the_same_name_is_left_alone(bench):
    script = bench.script("s", "exec sleep 600")
    mine = bench.make(Simple, start=script, kill="tree")
    other = bench.make(Simple, "app#2", start=script, kill="tree")
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        bench.follow(mine.start())
        bench.follow(other.start())
        bench.follow(mine.stop())
        assert (seen(mine)[0], seen(other)[0], stranger.poll()) == ("down", "up", None)
    finally:
        stranger.kill()
        stranger.wait()


def test_its_process_is_in_the_control_group_of_the_resource(bench, sleeper):
    if bench.host.groups is None:
        pytest.skip("this host lets us make no control groups")
    bench.follow(sleeper.start())
    assert [one.pid for one in bench.host.group_processes(f"{bench.cgroup}/app#1")] == bench.pids()
    bench.follow(sleeper.stop())
    assert not bench.host.groups.directory(bench.cgroup).exists()


def test_what_hides_its_variables_is_found_by_its_control_group(bench):
    if bench.host.groups is None:
        pytest.skip("this host lets us make no control groups")
    hidden = bench.make(Simple, start="/usr/bin/env -i /bin/sleep 600")
    bench.follow(hidden.start())
    assert seen(hidden)[0] == "up"
    bench.follow(hidden.stop())
    assert seen(hidden)[0] == "down"


def test_a_stop_command_comes_first(bench):
    start = bench.script("s", "echo $$ > $0.pid; exec sleep 600")
    one = bench.make(Simple, start=start, stop=bench.script("t", f"kill -INT $(cat {start}.pid)"))
    bench.follow(one.start())
    assert bench.comes(lambda: Path(f"{start}.pid").exists() and Path(f"{start}.pid").read_text())
    planned = bench.plan(one.stop())
    bench.follow(one.stop())
    assert bench.executed() == planned
    assert [text.split()[0] for text in planned] == ["exec", "kill"]
    assert seen(one)[0] == "down"


def test_a_check_takes_the_place_of_the_process(bench):
    flag = bench.folder / "flag"
    one = bench.make(Simple, start=bench.script("s", "exec sleep 600"), check=f"test -e {shlex.quote(str(flag))}")
    bench.follow(one.start())
    assert seen(one)[0] == "down"
    bench.follow(one.start())
    assert bench.executed()[0].endswith("though its check does not say so (stop ends it)")
    flag.touch()
    assert seen(one)[0] == "up"


def test_what_the_check_sees_and_nobody_started_here_can_not_be_stopped(bench):
    one = bench.make(Simple, start=bench.script("s", "exec sleep 600"), check="/bin/true")
    with pytest.raises(ActionFailed, match="set `stop`, or end it by hand"):
        bench.follow(one.stop())


def test_a_script_that_is_not_executable_is_told(bench):
    script = bench.script("s", "exec sleep 600", mode=0o644)
    one = bench.make(Simple, start=script)
    assert seen(one) == ("down", [f"{script}: not executable; chmod +x it"])
    with pytest.raises(ActionFailed, match=r"s: not executable; chmod \+x it\Z"):
        bench.follow(one.start())


def test_it_runs_as_the_user_that_is_asked_for(bench, watched, is_root):
    one = bench.make(Simple, start=bench.script("s", "id -un; exec sleep 600"), user="nobody", limit_nofile="99")
    bench.follow(one.start())
    assert bench.lines("output") == ["nobody"]
    (found,) = one.processes()
    with open(f"/proc/{found.pid}/limits") as file:  # noqa: PTH123
        assert next(line for line in file if line.startswith("Max open files")).split()[3] == "99"


def test_an_application_outlives_its_starter(bench, sleeper):
    bench.follow(sleeper.start())
    (pid,) = bench.pids()
    before = processes.facts_of(pid)
    time.sleep(0.1)
    assert before is not None and before.session == pid
    assert seen(sleeper)[0] == "up"
