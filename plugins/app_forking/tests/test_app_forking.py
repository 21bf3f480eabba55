import os
import re
import shlex
import time
from pathlib import Path

import pytest
from opensvc_driver_app_forking.driver import Forking

from opensvc_core.api import ActionFailed, ActionTimeout, Observation, Status
from opensvc_core.model.events import Level

# An application as the tutorials have it: start leaves a daemon behind that keeps its standard output.
LAUNCHER = """
pidfile={folder}/pid
alive() {{ kill -0 $(cat $pidfile 2>/dev/null) 2>/dev/null; }}
case $1 in
start) echo "Starting..."; nohup sleep 600 & echo $! > $pidfile; echo "Started !" ;;
stop) kill $(cat $pidfile) && rm -f $pidfile ;;
status) alive || exit 1 ;;
info) echo "Name: sleeper"; echo "no value" ;;
esac
"""
ALL = {"start": "true", "stop": "true", "check": "true", "info": "true"}


def seen(resource):
    status = resource.status()
    return str(status.status), [message.text for message in status.messages]


@pytest.fixture
def launcher(bench):
    return bench.script("weblauncher", LAUNCHER.format(folder=bench.folder))


@pytest.fixture
def web(bench, launcher):
    return bench.make(Forking, script=launcher, values=ALL)


def test_start_leaves_the_application_running(bench, web, launcher):
    began = time.monotonic()
    bench.follow(web.start())
    assert bench.settled(web, "up")
    assert time.monotonic() - began < 60, "it waits for nobody who keeps its output open"
    assert bench.lines("command") == [f"exec {launcher} start as user root"]
    assert bench.lines("output") == ["Starting...", "Started !"]
    assert re.fullmatch(r"start done in 0:00:\d\d\.\d+ - ret 0", bench.lines("done")[0])


def test_start_and_stop_may_be_repeated(bench, web):
    for operations, status, texts in (
        (web.start, "up", ["exec", "forking: weblauncher is already started"]),
        (web.stop, "down", ["exec", "forking: weblauncher is already stopped"]),
    ):
        bench.follow(operations())
        assert bench.executed()[0].startswith(texts[0])
        assert bench.settled(web, status)
        bench.follow(operations())
        assert bench.executed() == [texts[1]]


def test_a_plan_is_what_is_executed(bench, web):
    for operations in (web.start, web.stop):
        planned = bench.plan(operations())
        bench.follow(operations())
        assert bench.executed() == planned


def test_a_plan_starts_nothing(bench, web):
    bench.plan(web.start())
    assert (seen(web)[0], bench.pids()) == ("down", [])


def test_a_plan_for_a_script_that_is_not_mounted_yet_says_what_it_assumes(bench):
    web = bench.make(Forking, script="/srv/nowhere/weblauncher", values=ALL)
    command = next(web.start())
    assert command.condition == "/srv/nowhere/weblauncher belongs to root"


def test_its_processes_are_in_the_control_group_of_the_resource(bench, web):
    if bench.host.groups is None:
        pytest.skip("this host lets us make no control groups")
    bench.follow(web.start())
    members = bench.host.group_processes(f"{bench.cgroup}/app#1")
    assert [one.pid for one in members] == [int((bench.folder / "pid").read_text())]
    bench.follow(web.stop())
    assert not bench.host.groups.directory(bench.cgroup).exists()


def test_processes_left_after_stop_are_told_and_live(bench):
    if bench.host.groups is None:
        pytest.skip("this host lets us make no control groups")
    web = bench.make(Forking, start=bench.script("s", "sleep 600 & sleep 601 &"), stop="true", script=bench.script("t", "exit 0"))
    bench.follow(web.start())
    bench.follow(web.stop())
    assert bench.lines(level=Level.WARNING)[0].startswith("2 processes of forking: s are left after stop: pid ")
    assert len(bench.pids()) == 2


def test_a_failed_start_is_taken_back_by_the_stop_command(bench):
    start = bench.script("s", "sleep 600 & echo $! > $0.pid; echo no license >&2; exit 3")
    web = bench.make(Forking, start=start, stop=bench.script("t", f"kill $(cat {start}.pid)"))
    with pytest.raises(ActionFailed, match="exit code 3: no license"):
        bench.follow(web.start())
    bench.walk.take_back()
    assert bench.has_ended()


def test_a_failed_stop_is_a_failure(bench, web, launcher):
    bench.follow(web.start())
    broken = bench.make(Forking, script=launcher, values={**ALL, "stop": bench.script("t", "exit 5")})
    with pytest.raises(ActionFailed, match="exit code 5"):
        bench.follow(broken.stop())


def test_a_start_that_hangs_is_ended_with_its_whole_tree(bench):
    script = bench.script("s", "trap '' TERM; sleep 600 & setsid sleep 601 & sleep 602")
    web = bench.make(Forking, start=script, start_timeout="0.3s")
    with pytest.raises(ActionTimeout, match=r"not ended after 0\.3s"):
        bench.follow(web.start())
    assert bench.has_ended()


def test_a_megabyte_of_output(bench):
    web = bench.make(Forking, start=bench.script("s", "yes 0123456789abcdef | head -c 1020000; exit 0"))
    bench.follow(web.start())
    assert len(bench.lines("output")) == 60000


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda bench: bench.script("weblauncher", "exit 0", mode=0o644), "not executable; chmod +x it"),
        (lambda bench: str(bench.folder / "weblauncher"), "not found; install it, or correct the command"),
        (
            lambda bench: bench.script("weblauncher", "#!/no/such/shell\n"),
            "its first line names '/no/such/shell', which can't be run; correct it",
        ),
    ],
    ids=["not executable", "missing", "bad interpreter"],
)
def test_a_script_that_can_not_be_run_is_told_in_one_line(bench, make, text):
    script = make(bench)
    web = bench.make(Forking, script=script, values=ALL)
    assert seen(web) == ("undef", [f"{script}: {text}"])
    with pytest.raises(ActionFailed) as caught:
        bench.follow(web.start())
    assert str(caught.value) == f"{script}: {text}"
    assert bench.walk.undo.entries == []


def test_a_start_that_can_not_be_run_is_told_beside_the_check(bench):
    script = bench.script("s", "exit 0", mode=0o600)
    web = bench.make(Forking, start=script, check="/bin/true")
    assert seen(web) == ("up", [f"{script}: not executable; chmod +x it"])


def test_stop_succeeds_once_more_when_the_file_system_is_gone(bench, web, launcher):
    bench.follow(web.start())
    bench.follow(web.stop())
    Path(launcher).unlink()
    bench.follow(web.stop())
    assert bench.executed() == [f"forking: weblauncher is already stopped ({launcher} is not there)"]


def test_stop_fails_when_the_script_is_gone_and_the_application_runs(bench, web, launcher):
    bench.follow(web.start())
    Path(launcher).unlink()
    with pytest.raises(ActionFailed, match="not found"):
        bench.follow(web.stop())


def test_without_a_check_the_status_is_not_known(bench, launcher):
    assert seen(bench.make(Forking, script=launcher, start="true")) == ("n/a", ["check is not set"])


@pytest.mark.parametrize(
    ("code", "status", "messages"),
    [(0, "down", []), (1, "up", []), (7, "warn", ["check reports errors (7)"]), (-9, "warn", ["check reports errors (-9)"])],
)
def test_exit_codes_of_the_check(bench, code, status, messages):
    ending = f"exit {code}" if code >= 0 else f"kill {code} $$"
    web = bench.make(Forking, check=bench.script("c", ending), retcodes="0:down 1:up")
    assert seen(web) == (status, messages)


def test_a_check_that_hangs_is_ended(bench):
    web = bench.make(Forking, check=bench.script("c", "sleep 600 & sleep 601"), check_timeout="0.3s")
    began = time.monotonic()
    status, messages = seen(web)
    assert time.monotonic() - began < 60
    assert status == "warn" and "not ended after 0.3s" in messages[0]
    assert bench.has_ended()


def test_what_the_check_prints_is_shown_when_asked_for(bench):
    check = bench.script("c", "echo 3 sessions; echo slow >&2")
    assert seen(bench.make(Forking, check=check))[1] == []
    assert seen(bench.make(Forking, check=check, status_log="true"))[1] == ["3 sessions", "slow"]


def test_info_is_what_it_prints(web):
    assert web.info() == {"Name": "sleeper"}


def test_a_number_orders_and_is_the_script(bench, launcher):
    web = bench.make(Forking, script=launcher, start="20", stop="80")
    assert (web.position(), web.argv("start"), web.argv("stop")) == (20, [launcher, "start"], [launcher, "stop"])


def test_a_bare_script_name_is_looked_for_among_the_launchers(bench):
    web = bench.make(Forking, script="web", start="true")
    assert web.argv("start") == [str(bench.folder / "launchers" / "web"), "start"]


def test_true_without_a_script_is_an_error(bench):
    with pytest.raises(ValueError, match="there is no `script`"):
        bench.make(Forking, start="true")


def test_a_command_with_a_pipe_is_run_by_a_shell(bench):
    web = bench.make(Forking, start="echo one two | tr a-z A-Z; exit 4")
    with pytest.raises(ActionFailed, match="exit code 4: ONE TWO"):
        bench.follow(web.start())
    assert bench.lines("command") == ["exec echo one two | tr a-z A-Z; exit 4 as user root"]
    assert web.label() == "forking: echo"


def test_user_umask_directory_and_limits(bench, is_root):
    script = bench.script("s", "id -un; id -gn; umask; pwd; ulimit -n; ulimit -v; ulimit -t")
    web = bench.make(
        Forking, start=script, user="nobody", group="daemon", umask="027", cwd="/usr", limit_nofile="77", limit_vmem="1g", limit_cpu="1h"
    )
    bench.follow(web.start())
    assert bench.lines("output") == ["nobody", "daemon", "0027", "/usr", "77", str(1 << 20), "3600"]
    assert bench.lines("command") == [f"exec {script} as user nobody"]


def test_the_owner_of_the_script_runs_it(bench, is_root):
    script = bench.script("s", "id -un; pwd")
    os.chown(script, 65534, -1)
    bench.follow(bench.make(Forking, start=script).start())
    assert bench.lines("output") == ["nobody", "/"]


def test_the_agent_runs_what_is_its_own_in_its_scratch_folder(bench, is_root):
    bench.follow(bench.make(Forking, start=bench.script("s", "id -un; pwd")).start())
    assert bench.lines("output") == ["root", str(bench.folder / "tmp")]


def test_commands_know_whose_they_are(bench):
    names = ["OPENSVC_RID", "OPENSVC_SVCNAME", "OPENSVC_SVC_ID", "OPENSVC_ACTION", "OPENSVC_VAR", "GREETING", "greeting"]
    script = bench.script("s", f"for name in {shlex.join(names)}; do echo ${{!name}}; done")
    bench.follow(bench.make(Forking, start=script, environment="'greeting=good day'", action="start").start())
    assert bench.lines("output") == ["app#1", bench.name, "4711", "start", str(bench.folder / "var/app#1"), "good day", "good day"]


def test_the_language_of_a_stop_is_the_administrator_s(bench, monkeypatch):
    monkeypatch.delenv("LC_ALL", raising=False)
    bench.follow(bench.make(Forking, stop=bench.script("t", 'echo "<$LC_ALL>"')).stop())
    assert bench.lines("output") == ["<>"]


def test_it_is_given_time_to_come_up(bench, launcher):
    assert bench.make(Forking, script=launcher, values=ALL).settle("start") == 5
    web = bench.make(Forking, script=launcher, start_timeout="1m", stop_timeout="2m", values=ALL)
    assert (web.settle("start"), web.settle("stop")) == (60, 120)


def test_without_commands_nothing_is_done(bench):
    web = bench.make(Forking)
    bench.follow(web.start())
    assert bench.executed() == ["forking has no start command"]
    bench.follow(web.stop())
    assert bench.executed() == ["forking has no stop command, and stays as it is"]
    assert isinstance(web.status(), Observation) and web.status().status is Status.NA
