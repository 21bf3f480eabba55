import os
import signal
import subprocess
import sys
import time

import pytest

from opensvc_core.errors import ActionRefused, LockTimeout
from opensvc_core.system import processes
from opensvc_core.system.locks import Holder, InstanceLock

AGENT = """
import sys, pathlib, time
from opensvc_core.model.operations import Command
from opensvc_core.system.commands import CommandRunner
from opensvc_core.system.locks import InstanceLock
lock = InstanceLock(pathlib.Path(sys.argv[1]))
lock.acquire("start", wait=30)
print("locked", flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "svc1" / "lock"


@pytest.fixture
def agent(path, mark):
    """Start another process that takes the lock and goes on with the code given."""
    started = []

    def start(code):
        process = subprocess.Popen([sys.executable, "-c", AGENT + code, str(path)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "locked\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_free_lock_has_no_holder_and_a_taken_one_tells_who(path):
    lock = InstanceLock(path)
    assert lock.holder() is None

    lock.acquire("stop", wait=0)
    holder = InstanceLock(path).holder()

    assert (holder.process, holder.action) == (processes.identify(os.getpid()), "stop")
    assert abs(holder.since - time.time()) < 60
    assert path.stat().st_mode & 0o777 == 0o600
    lock.release()
    lock.release()
    assert (lock.holder(), lock.fd, path.exists()) == (None, None, True)


def test_the_next_one_is_told_who_holds_it(path, agent):
    process = agent("time.sleep(60)")
    since = time.strftime("%H:%M", time.localtime(InstanceLock(path).holder().since))

    with pytest.raises(LockTimeout) as error:
        InstanceLock(path).acquire("stop", wait=0)

    text = str(error.value)
    assert text.startswith(f"svc1: 'start' by pid {process.pid} holds the lock since {since}:")
    assert text.endswith("; --waitlock waits longer, --force ends it")
    assert error.value.exit_code == 6


def test_waiting_pays_off_when_the_holder_is_done(path, agent):
    agent("time.sleep(0.3); lock.release(); time.sleep(60)")
    lock = InstanceLock(path)

    lock.acquire("stop", wait=30)

    assert lock.holder().action == "stop"
    lock.release()


def test_taking_it_twice_with_one_object_is_an_error(path):
    lock = InstanceLock(path)
    lock.acquire("start", wait=0)
    with pytest.raises(RuntimeError, match="svc1: this process holds the lock already"):
        lock.acquire("start", wait=5)
    lock.release()


def test_another_thread_of_the_process_waits_and_is_never_ended(path):
    lock, other = InstanceLock(path), InstanceLock(path)
    lock.acquire("start", wait=0)
    with pytest.raises(LockTimeout, match="'start' by pid"):
        other.acquire("stop", wait=0.1)
    with pytest.raises(LockTimeout, match="in this process"):
        other.end_holder(0.1)
    lock.release()
    other.acquire("stop", wait=0)
    other.release()


def test_a_command_of_a_killed_agent_holds_the_lock_until_it_ends(path, agent, mark, holding):
    process = agent(f"CommandRunner(lock.fd).run(Command(['sh', '-c', 'echo; {holding}']), lambda *_: print('runs', flush=True))")
    assert process.stdout.readline() == "runs\n"
    process.kill()
    process.wait()
    lock = InstanceLock(path)

    with pytest.raises(LockTimeout, match=f"a command that 'start' by pid {process.pid} left running holds the lock since"):
        lock.acquire("stop", wait=0)
    holding.let_go()
    lock.acquire("stop", wait=30)

    lock.release()


@pytest.mark.parametrize("kind", ["starts_application=True", "detached=True"])
def test_a_started_application_does_not_hold_the_lock(path, agent, mark, until, kind):
    process = agent(f"CommandRunner(lock.fd).run(Command(['sh', '-c', 'sleep 78 &'], {kind})); print('done', flush=True); time.sleep(60)")
    assert process.stdout.readline() == "done\n"
    process.kill()
    process.wait()
    until(lambda: len(processes.find(mark)) == 1)  # one that has just begun has no environment yet

    assert InstanceLock(path).holder() is None


def test_what_a_command_left_behind_does_not_hold_a_lock_that_was_given_back(path, agent, mark, until):
    process = agent("CommandRunner(lock.fd).run(Command(['sh', '-c', 'sleep 79 &'])); lock.release(); print('done', flush=True)")
    assert process.stdout.readline() == "done\n"

    assert InstanceLock(path).holder() is None
    process.wait()
    until(lambda: processes.find(mark))


def test_a_lock_left_to_its_commands_is_free_when_they_have_ended(path, agent, mark, until, holding):
    process = agent(
        f"CommandRunner(lock.fd).run(Command(['sh', '-c', '{holding} &']));"
        " lock.release(is_left_to_commands=True); print('done', flush=True)"
    )
    assert process.stdout.readline() == "done\n"

    assert InstanceLock(path).holder().action == "start"
    holding.let_go()
    until(lambda: InstanceLock(path).holder() is None)


def test_force_lets_the_agent_end_its_command(path, agent, mark):
    process = agent(
        "import signal\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "try: CommandRunner(lock.fd).run(Command(['sh', '-c', 'echo; sleep 80']), lambda *_: print('runs', flush=True))\n"
        "except Exception as exc: print(type(exc).__name__, flush=True)"
    )
    assert process.stdout.readline() == "runs\n"

    InstanceLock(path).end_holder(30)

    assert process.stdout.readline() == "ActionInterrupted\n"
    assert InstanceLock(path).holder() is None


def test_force_kills_who_ignores_it_with_its_commands_but_nobody_who_waits(path, agent, mark):
    process = agent(
        "import signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "CommandRunner(lock.fd).run(Command(['sh', '-c', 'echo; sleep 81']), lambda *_: print('runs', flush=True))"
    )
    assert process.stdout.readline() == "runs\n"
    waits = AGENT.replace("lock.acquire", "print('begins', flush=True)\nlock.acquire") + "lock.release()"
    waiting = subprocess.Popen([sys.executable, "-c", waits, str(path)], stdout=subprocess.PIPE, text=True)
    assert waiting.stdout.readline() == "begins\n"

    InstanceLock(path).end_holder(0.3)

    assert process.wait() == -signal.SIGKILL
    assert waiting.communicate(timeout=30)[0] == "locked\n"
    assert waiting.returncode == 0


def test_force_ends_the_commands_of_an_agent_that_has_ended(path, agent, mark):
    process = agent("CommandRunner(lock.fd).run(Command(['sh', '-c', 'echo; sleep 82']), lambda *_: print('runs', flush=True))")
    assert process.stdout.readline() == "runs\n"
    process.kill()
    process.wait()

    InstanceLock(path).end_holder(1)

    assert InstanceLock(path).holder() is None
    assert processes.find(mark) == []


def test_force_on_a_free_lock_does_nothing(path):
    InstanceLock(path).end_holder(1)

    assert not path.exists()


def test_contenders_take_turns(path):
    code = """
import sys, pathlib
from opensvc_core.system.locks import InstanceLock
lock, counter = InstanceLock(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[1] + ".n")
for _ in range(10):
    lock.acquire("start", wait=50)
    number = int(counter.read_text())
    counter.write_text(str(number + 1))
    lock.release()
"""
    path.parent.mkdir()
    counter = path.with_name("lock.n")
    counter.write_text("0")
    contenders = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]

    assert [process.wait() for process in contenders] == [0] * 4
    assert counter.read_text() == "40"


def test_a_file_that_was_removed_locks_nothing(path):
    lock, other = InstanceLock(path), InstanceLock(path)
    lock.acquire("start", wait=0)
    path.unlink()

    other.acquire("stop", wait=0)

    assert other.holder().action == "stop"
    lock.release()
    other.release()


def test_a_damaged_note_is_an_unknown_holder(path):
    lock = InstanceLock(path)
    lock.acquire("start", wait=0)
    path.write_text('{"pid": 1')

    assert InstanceLock(path).holder() == Holder()
    assert str(Holder()) == "another process holds the lock"
    lock.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")
def test_a_lock_that_is_not_ours_is_refused(path):
    InstanceLock(path).acquire("start", wait=0)
    for above in path.parents[:4]:
        above.chmod(0o755)
    code = """
import os, sys, pathlib
from opensvc_core.errors import ActionRefused
from opensvc_core.system.locks import InstanceLock
os.setuid(65534)
try: InstanceLock(pathlib.Path(sys.argv[1])).acquire("start", wait=0)
except ActionRefused as exc: print(exc)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)

    assert done.stdout == f"svc1: cannot lock {path}: Permission denied; do it as root, or by sudo\n"
    assert ActionRefused.exit_code == 5
