import os
import secrets
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from opensvc_core.errors import ActionFailed, ActionInterrupted, ActionTimeout
from opensvc_core.model.operations import Command, Setting
from opensvc_core.system import commands, processes
from opensvc_core.system.commands import CommandRunner, query

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes its user")


def sh(script, **more):
    return Command(["/bin/sh", "-c", script], **more)


def run(script, **more):
    return CommandRunner().run(sh(script, **more))


def wait_for(flag):
    return f"while [ ! -e {flag} ]; do sleep 0.02; done"


def test_the_result_has_code_output_and_time():
    began = time.monotonic()
    result = run("echo out; echo err >&2; sleep 0.05; exit 3")
    seconds = time.monotonic() - began

    assert (result.code, result.stdout, result.stderr) == (3, "out\n", "err\n")
    assert 0.05 <= result.seconds <= seconds
    assert result.pid > 1


def test_a_command_ended_by_a_signal_has_its_negative_number():
    assert run("kill -9 $$").code == -9


def test_lines_come_while_the_command_runs(tmp_path):
    """It goes on when its first line was seen."""
    seen, flag = [], tmp_path / "flag"

    def see(stream, line):
        seen.append((stream, line))
        flag.touch()

    result = CommandRunner().run(sh(f"echo one; {wait_for(flag)}; echo two >&2; sleep 0.2; printf three", timeout=30), see)

    assert seen == [("stdout", "one"), ("stderr", "two"), ("stdout", "three")]
    assert result.stdout == "one\nthree"


@pytest.mark.parametrize(("size", "kept"), [(1 << 20, 1 << 20), (3 << 20, 1 << 20)], ids=["1 MiB", "more"])
def test_much_output_is_passed_on_and_kept_up_to_a_size(size, kept):
    passed = []

    result = CommandRunner().run(
        Command([sys.executable, "-c", f"print(('x' * 1023 + '\\n') * {size // 1024}, end='')"]), lambda _, line: passed.append(len(line))
    )

    assert (sum(passed) + len(passed), len(result.stdout)) == (size, kept)


def test_bytes_that_are_no_text_are_escaped():
    assert run(r"printf '\377\303\251'").stdout == "\\xffé"


def test_a_command_reads_nothing_and_speaks_no_dialect():
    result = run("cat; echo $LC_ALL $A; ps -o sid= -p $$", setting=Setting(environment={"A": "1"}))

    assert result.stdout.split() == ["C", "1", str(result.pid)]


def test_a_closed_output_is_not_the_end():
    assert run("exec >&- 2>&-; sleep 0.1; exit 4").code == 4


def test_a_daemon_that_keeps_the_pipe_does_not_hold_us_up(mark):
    result = run("setsid sleep 65 & echo started")

    assert (result.code, result.stdout) == (0, "started\n")
    assert result.seconds < 30
    # in the moment of its execve(2) a process has no environment to be seen
    until = time.monotonic() + 30
    while not (found := processes.find(mark)) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(found) == 1


def test_a_daemon_that_never_stops_writing_does_not_hold_us_up(mark):
    assert run("yes & sleep 0.05").seconds < 30


@pytest.mark.parametrize("setting", [None, Setting(limits={"nofile": 100})], ids=["plain", "through another tool"])
@pytest.mark.parametrize(
    ("program", "code", "text"),
    [
        ("no-such-program", 127, "no-such-program: not found"),
        ("/no/such", 127, "/no/such: not found"),
        ("/etc/passwd", 126, "/etc/passwd: not executable"),
        ("/tmp", 126, "/tmp: is a directory"),
    ],
)
def test_a_program_that_cannot_be_started_is_a_result(program, code, text, setting):
    result = CommandRunner().run(Command([program, "x"], setting=setting))

    assert (result.code, result.stderr) == (code, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("#!/no/interpreter\n", "the interpreter named in its first line is not found"), ("echo 1\n", "Exec format error")],
)
def test_a_script_that_the_kernel_refuses_is_a_result(tmp_path, text, reason):
    script = tmp_path / "script"
    script.write_text(text)
    script.chmod(0o755)

    result = CommandRunner().run(Command([str(script)]))

    assert (result.code, result.stderr) == (126, f"{script}: {reason}")


def test_a_missing_directory_is_named():
    result = CommandRunner().run(Command(["true"], setting=Setting(cwd="/no/such")))

    assert (result.code, result.stderr) == (126, "cannot enter /no/such: No such file or directory")


def test_directory_umask_and_limits_are_given(tmp_path):
    result = run("pwd; umask; ulimit -n", setting=Setting(cwd=str(tmp_path), umask=0o27, limits={"nofile": 77}))

    assert result.stdout.split() == [str(tmp_path), "0027", "77"]


@root_only
def test_another_user_is_given_with_its_groups():
    result = run("id -u; id -g; id -G", setting=Setting(user="nobody"))

    assert result.stdout.split() == ["65534", "65534", "65534"]


def test_an_unknown_user_is_a_failure():
    with pytest.raises(ActionFailed, match="user nobody-here"):
        run("true", setting=Setting(user="nobody-here"))


@root_only
def test_the_whole_setting_is_given_at_once(group, tmp_path):
    groups, name = group
    tmp_path.chmod(0o755)

    result = CommandRunner(groups=groups).run(
        sh("id -u; ulimit -n; umask; cat /proc/self/cgroup", setting=Setting(user="nobody", limits={"nofile": 88}, umask=0o77, cgroup=name))
    )

    assert result.stdout.split()[:3] == ["65534", "88", "0077"]
    assert "/svc1/app.1" in result.stdout


def test_processes_that_ignore_sigterm_are_killed_at_the_time_limit(mark):
    script = "(trap '' TERM; sleep 66; sleep 67) & exec sleep 68"
    began = time.monotonic()

    with pytest.raises(ActionTimeout, match=r"sleep 68': not ended after 1s; its processes were ended"):
        run(script, timeout=1)

    assert 3 < time.monotonic() - began < 30
    assert processes.find(mark) == []


def test_a_command_that_cleans_up_at_the_time_limit_is_left_the_time(mark, monkeypatch):
    monkeypatch.setattr(commands, "GRACE", 40.0)
    seen = []
    began = time.monotonic()

    with pytest.raises(ActionTimeout):
        CommandRunner().run(
            Command(["/bin/sh", "-c", "trap 'echo cleaned; exit' TERM; sleep 69 & wait"], timeout=1), lambda _, line: seen.append(line)
        )

    assert seen == ["cleaned"]
    assert time.monotonic() - began < 30
    assert processes.find(mark) == []


def test_an_application_is_ended_with_its_group_at_the_time_limit_but_not_what_was_there(group, mark, until):
    groups, name = group
    runner, setting = CommandRunner(groups=groups), Setting(cgroup=name)
    earlier = runner.run(Command(["sleep", "70"], detached=True, watch=0.1, setting=setting))
    until(lambda: groups.processes(name))

    with pytest.raises(ActionTimeout):
        runner.run(sh("setsid sleep 71 & sleep 72", starts_application=True, timeout=0.3, setting=setting))

    assert [process.pid for process in groups.processes(name)] == [earlier.pid]


def test_cancelling_ends_the_command_and_refuses_the_next(mark):
    cancel = threading.Event()
    runner = CommandRunner(cancel=cancel)

    with pytest.raises(ActionInterrupted, match=r"interrupted after \d"):
        runner.run(sh("echo; sleep 73"), lambda *_: cancel.set())

    assert processes.find(mark) == []
    with pytest.raises(ActionInterrupted, match="not started"):
        runner.run(sh("true"))


def test_sigint_ends_the_command(mark):
    code = """
from opensvc_core.errors import ActionInterrupted
from opensvc_core.model.operations import Command
from opensvc_core.system.commands import CommandRunner
try: CommandRunner().run(Command(["sh", "-c", "echo; sleep 74"]), lambda *_: print("runs", flush=True))
except ActionInterrupted as exc: print(exc)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout.readline() == "runs\n"
        agent.send_signal(signal.SIGINT)
        assert "its processes were ended" in agent.stdout.read()

    assert processes.find(mark) == []


@pytest.mark.parametrize("moment", ["subprocess.Popen._execute_child", "Child.__init__"], ids=["forked", "about to be watched"])
def test_an_interruption_in_the_moment_of_its_start_ends_the_command(mark, moment):
    """In a process of its own, which interrupts itself when it has forked."""
    code = f"""
import os, signal, subprocess, sys
from opensvc_core.errors import ActionInterrupted
from opensvc_core.model.operations import Command
from opensvc_core.system.child import Child
from opensvc_core.system.commands import CommandRunner
def meddle(frame, event, _):
    if event == "return" and frame.f_code is {moment}.__code__:
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGINT)
sys.setprofile(meddle)
try: CommandRunner().run(Command(["sleep", "78"]))
except ActionInterrupted as exc: print(exc)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "its processes were ended" in done.stdout, done.stderr
    assert processes.find(mark) == []


def test_a_reader_that_fails_ends_the_command(mark):
    def fail(stream, line):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        CommandRunner().run(sh("echo x; sleep 75"), fail)

    assert processes.find(mark) == []


def test_an_application_writes_to_its_file_and_is_read_from_there(tmp_path, mark, until):
    output, seen, flag, end = tmp_path / "log" / "app", [], tmp_path / "flag", tmp_path / "end"

    def see(_stream, line):
        seen.append(line)
        flag.touch()

    script = f"echo one; ({wait_for(end)}; echo later) & {wait_for(flag)}; echo two"
    result = CommandRunner().run(sh(script, starts_application=True, output=str(output), timeout=30), see)

    assert seen == ["one", "two"]
    end.touch()
    assert (result.code, result.stdout) == (0, "one\ntwo\n")
    until(lambda: output.read_text() == "one\ntwo\nlater\n")
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_an_application_goes_on_writing_when_the_agent_was_killed(tmp_path, mark, until):
    output = tmp_path / "app"
    code = f"""
import os, signal
from opensvc_core.model.operations import Command
from opensvc_core.system.commands import CommandRunner
CommandRunner().run(Command(["sh", "-c", "(sleep 0.4; echo a; sleep 0.1; echo b >&2) &"], starts_application=True, output={str(output)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9

    until(lambda: output.read_text() == "a\nb\n")


def test_only_new_output_of_an_application_is_reported(tmp_path):
    command = sh("echo again", starts_application=True, output=str(tmp_path / "app"))

    assert CommandRunner().run(command).stdout == "again\n"
    assert CommandRunner().run(command).stdout == "again\n"
    assert (tmp_path / "app").read_text() == "again\nagain\n"


def test_the_output_of_a_command_is_kept_where_it_says(tmp_path):
    lines, file = [], tmp_path / "kept/output"
    command = Command(["sh", "-c", "echo one; echo two >&2; echo $LC_ALL; exit 3"], output=str(file))
    result = CommandRunner().run(command, lambda _stream, line: lines.append(line))
    assert (result.code, result.stdout, lines) == (3, "one\ntwo\nC\n", ["one", "two", "C"])
    assert file.read_text() == "one\ntwo\nC\n"
    assert (file.parent.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_an_output_file_that_cannot_be_made_is_a_failure(tmp_path):
    with pytest.raises(ActionFailed, match=r"cannot write .*: Is a directory"):
        run("true", starts_application=True, output=str(tmp_path))


def test_an_application_keeps_its_language(tmp_path):
    result = run("echo [$LC_ALL]", starts_application=True, output=str(tmp_path / "f"), setting=Setting(environment={"LC_ALL": "fr"}))

    assert result.stdout == "[fr]\n"


def test_a_detached_command_is_left_running(tmp_path, mark, until):
    result = run("echo up; exec sleep 76", detached=True, watch=1, output=str(tmp_path / "f"))

    assert (result.code, result.stdout) == (0, "up\n")
    until(lambda: [process.pid for process in processes.find(mark)] == [result.pid])


def test_an_early_end_of_a_detached_command_is_its_result():
    result = run("exit 9", detached=True, watch=50)

    assert result.code == 9
    assert result.seconds < 30


def test_a_host_without_control_groups_runs_the_command_all_the_same(group):
    groups, name = group

    assert CommandRunner(groups=groups).run(sh("true", setting=Setting(cgroup=name))).code == 0
    assert groups.directory(name).exists()


def test_no_descriptor_of_ours_is_left_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    run("echo x")
    run("echo x", starts_application=True, output=str(tmp_path / "f"))
    CommandRunner().run(Command(["/no/such"], starts_application=True, output=str(tmp_path / "f")))

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_query_has_a_time_limit_and_keeps_the_whole_answer(mark):
    assert len(query(["head", "-c", "3000000", "/dev/zero"]).stdout) == 3000000
    with pytest.raises(ActionTimeout, match=r"sleep 77: not ended after 0.1s"):
        query(["sleep", "77"], timeout=0.1)


def test_the_overhead_is_a_few_milliseconds():
    """Measured against a bare one in turns: on a slow or busy machine both take longer."""
    runner, command = CommandRunner(), Command(["true"])
    ways = (lambda: subprocess.run(["true"], capture_output=True, check=True), lambda: runner.run(command))
    times = [[], []]
    for _ in range(40):
        for way, found in zip(ways, times, strict=True):
            began = time.perf_counter()
            way()
            found.append(time.perf_counter() - began)

    bare, ours = map(min, times)
    assert ours < 2 * bare + 0.005


def test_commands_of_several_threads_do_not_disturb_each_other():
    runner, words = CommandRunner(), [secrets.token_hex(4) for _ in range(8)]
    results = {}

    threads = [
        threading.Thread(target=lambda word=word: results.update({word: runner.run(sh(f"sleep 0.1; echo {word}"))})) for word in words
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {word: result.stdout for word, result in results.items()} == {word: f"{word}\n" for word in words}
