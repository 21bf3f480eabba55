import os
import subprocess
import sys

import pytest

from opensvc_core.system import processes
from opensvc_core.system.processes import ProcessId, parse_stat

SAMPLE = (
    b"4242 (my (odd) name) S 1 4240 4200 0 -1 4194560 115 0 0 0 0 0 0 0 20 0 1 0 9876543 2621440 128 18446744073709551615 0 0 0 0"
    b" 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n"
)


def sh(script, **more):
    return subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True, **more)


def test_the_name_of_a_process_may_hold_anything():
    facts = parse_stat(SAMPLE)

    assert facts.id == ProcessId(4242, 9876543)
    assert (facts.state, facts.parent, facts.group, facts.session) == ("S", 1, 4240, 4200)


def test_a_process_is_found_by_its_environment(mark, until):
    with sh("exec sleep 60", env={**mark, "A": "1"}) as process:
        until(lambda: processes.find({**mark, "A": "1"}))

        assert [each.pid for each in processes.find({**mark, "A": "1"})] == [process.pid]
        assert processes.find({**mark, "A": "2"}) == []
        process.kill()


def test_an_environment_is_read_to_its_end(mark, until):
    large = {f"A{number:03}": "x" * 65_000 for number in range(4)}
    with sh("exec sleep 60", env={**large, **mark, "Z": "1"}) as process:
        until(lambda: processes.find({**mark, "Z": "1"}))

        assert [each.pid for each in processes.find({**mark, "Z": "1"})] == [process.pid]
        process.kill()


def test_no_variables_find_nothing():
    assert processes.find({}) == []


def test_an_ended_process_that_waits_for_its_parent_is_not_alive(until):
    with sh("exit 0") as process:
        identity = processes.identify(process.pid)
        until(lambda: processes.facts_of(process.pid).has_ended)

        assert not processes.is_alive(identity)
        assert not processes.send(identity, 15)


def test_a_number_that_another_process_has_is_left_alone():
    with sh("exec sleep 60") as process:
        other = ProcessId(process.pid, 1)

        assert not processes.is_alive(other)
        assert not processes.send(other, 9)
        assert processes.end([other], 0.1) == []
        assert process.poll() is None
        process.kill()


def test_a_tree_is_ended_with_a_grandchild_that_ignores_sigterm(mark, until):
    with sh("(trap '' TERM; setsid sh -c 'sleep 61; :' & wait) & wait") as process:
        until(lambda: len(processes.find(mark)) >= 4)
        identity = processes.identify(process.pid)

        assert len(processes.children([identity])) >= 3
        assert processes.end([identity], 0.2, tree=True) == []
        assert processes.find(mark) == []


def test_without_the_tree_children_go_on(mark, until):
    with sh("sleep 62 & wait") as process:
        until(lambda: len(processes.find(mark)) == 2)

        processes.end([processes.identify(process.pid)], 1)

        assert len(processes.find(mark)) == 1


def test_we_never_end_ourselves():
    assert processes.end([processes.identify(os.getpid())], 0) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")
def test_another_users_process_is_not_ours_to_end():
    code = "import os, signal\nfrom opensvc_core.system import processes as p\nos.setuid(65534)\np.send(p.identify(1), signal.SIGTERM)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "PermissionError" in done.stderr
