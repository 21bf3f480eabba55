"""The supervisor with parts that are small programs: what it begins, begins again, adopts and ends."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from opensvc_daemon.supervision.part import Part
from opensvc_daemon.supervision.process import Process

from opensvc_core.system.processes import all_pids, children, identify
from opensvc_core.testing.waiting import wait_for

# A part: it writes down its life, answers on a socket where it is told to, and ends as the files beside it say.
PART = """
import os, signal, socket, sys, time
name, run = sys.argv[1:]
def note(word):
    with open(f"{run}/{name}.story", "a") as file:
        file.write(f"{word} {os.getpid()}\\n")
def leave(number, frame):
    note("told to end")
    if not os.path.exists(f"{run}/{name}.stays"):
        sys.exit(0)
signal.signal(signal.SIGTERM, leave)
signal.signal(signal.SIGHUP, lambda number, frame: note("configure"))
if os.path.exists(f"{run}/{name}.broken"):
    sys.exit(f"{name}: the reason")
note("begins")
if name == "monitor":
    while not all(os.path.exists(f"{run}/{other}.story") and os.path.getsize(f"{run}/{other}.story") for other in ("beat", "runner")):
        time.sleep(0.01)
    if os.path.exists(f"{run}/api.sock"):
        os.unlink(f"{run}/api.sock")
    door = socket.socket(socket.AF_UNIX)
    door.bind(f"{run}/api.sock")
    door.listen()
    while True:
        one, _ = door.accept()
        one.recv(1000)
        one.sendall(b"HTTP/1.1 404 Not Found\\r\\n\\r\\n")
        one.close()
while True:
    time.sleep(100)
"""
RUN = """
import os, sys
from opensvc_daemon.supervision.loop import Setup, Supervisor
from opensvc_daemon.supervision.record import Record
from opensvc_daemon.supervision.systemd import Manager, forget
root, part, beat_limit = sys.argv[1:]
run = f"{root}/run"
record = Record(run)
if not record.take():
    sys.exit(5)
manager = Manager(os.environ)
forget(os.environ)
parts = {name: [sys.executable, part, name, run] for name in ("beat", "runner", "monitor")}
limits = {"start_limit": 60, "farewell": 60, "beat_limit": float(beat_limit)}
setup = Setup(parts, run, f"{root}/log", f"{run}/api.sock", [f"{root}/etc/cluster.conf"], **limits)
tell = lambda text: print(text, flush=True)
sys.exit(Supervisor(setup, record, manager, tell, tell).run())
"""


class Daemon:
    """A daemon below a folder; whatever it began ends with the test."""

    def __init__(self, root):
        self.root, self.run = root, root / "run"
        self.supervisors = []
        for name in ("run", "log", "etc"):
            (root / name).mkdir()
        (root / "part.py").write_text(PART)

    def begin(self, *, beat_limit=60.0, **environ):
        argv = [sys.executable, "-c", RUN, str(self.root), str(self.root / "part.py"), str(beat_limit)]
        self.supervisors.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ}))
        return self.supervisors[-1]

    def started(self, **more):
        supervisor = self.begin(**more)
        self.wait_for(lambda: self.hears(supervisor, "ready"))
        return supervisor

    def hears(self, supervisor, word):
        return word in supervisor.stdout.readline()

    def story(self, part):
        file = self.run / f"{part}.story"
        return [line.rpartition(" ")[0] for line in file.read_text().splitlines()] if file.exists() else []

    def pids(self):
        found = json.loads((self.run / "daemon.json").read_text())
        return {name: one["pid"] for name, one in found["parts"].items()}

    def living(self):
        """The processes of it that are there, the supervisor's as well."""
        return [pid for pid in all_pids() if str(self.root).encode() in _arguments(pid)]

    def wait_for(self, condition, seconds=60):
        wait_for(condition, seconds=seconds)

    def end(self):
        for supervisor in self.supervisors:
            supervisor.kill()
            supervisor.wait()
            supervisor.stdout.close()
        for file in self.run.glob("*.story"):
            for pid in {int(line.rpartition(" ")[2]) for line in file.read_text().splitlines()}:
                if str(self.root).encode() in _arguments(pid):
                    os.kill(pid, signal.SIGKILL)


def _arguments(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def daemon(tmp_path):
    daemon = Daemon(tmp_path)
    yield daemon
    daemon.end()


def test_a_start_is_told_when_the_door_answers(daemon):
    supervisor = daemon.started()
    assert [daemon.story(part) for part in ("beat", "runner", "monitor")] == [["begins"], ["begins"], ["begins"]]
    assert json.loads((daemon.run / "restarts.json").read_text()) == {"beat": 0, "runner": 0, "monitor": 0}
    assert supervisor.poll() is None


def test_a_part_that_ends_at_once_fails_the_start_with_its_last_words(daemon):
    (daemon.run / "runner.broken").touch()
    supervisor = daemon.begin()
    lines = supervisor.communicate(timeout=60)[0].splitlines()
    assert supervisor.returncode == 1
    assert lines[-1] == "failed: runner ended with code 1: runner: the reason"
    assert not (daemon.run / "daemon.json").exists()
    daemon.wait_for(lambda: not daemon.living())


@pytest.mark.parametrize("part", ["beat", "runner", "monitor"])
def test_a_part_that_dies_is_begun_again_and_counted(daemon, part):
    daemon.started()
    before = daemon.pids()
    os.kill(before[part], signal.SIGKILL)
    daemon.wait_for(lambda: daemon.story(part) == ["begins", "begins"])
    daemon.wait_for(lambda: json.loads((daemon.run / "restarts.json").read_text())[part] == 1)
    others = before.items() - {(part, before[part])}
    daemon.wait_for(lambda: set(before.items()) & set(daemon.pids().items()) == others and before.keys() == daemon.pids().keys())


def test_a_stop_lets_the_monitor_say_goodbye_first(daemon):
    supervisor = daemon.started()
    supervisor.terminate()
    assert supervisor.wait(timeout=60) == 0
    assert [daemon.story(part)[-1] for part in ("monitor", "runner", "beat")] == ["told to end"] * 3
    assert not (daemon.run / "daemon.json").exists()


def test_a_monitor_that_ends_in_order_ends_the_daemon(daemon):
    supervisor = daemon.started()
    os.kill(daemon.pids()["monitor"], signal.SIGTERM)
    assert supervisor.wait(timeout=60) == 0
    assert daemon.story("runner") == ["begins", "told to end"]


def test_beat_may_stay_with_its_leases_and_is_adopted_by_the_next_start(daemon):
    (daemon.run / "beat.stays").touch()
    supervisor = daemon.started(beat_limit=0.3)
    beat = daemon.pids()["beat"]
    supervisor.terminate()
    assert supervisor.wait(timeout=60) == 0
    assert daemon.pids() == {"beat": beat}
    daemon.wait_for(lambda: daemon.story("beat") == ["begins", "told to end"])
    daemon.started()
    assert daemon.pids()["beat"] == beat
    assert daemon.story("beat") == ["begins", "told to end"]
    os.kill(beat, signal.SIGKILL)
    daemon.wait_for(lambda: daemon.story("beat")[-1] == "begins")


def test_after_a_kill_of_the_supervisor_the_next_one_replaces_monitor_and_runner_and_keeps_beat(daemon):
    supervisor = daemon.started()
    before = daemon.pids()
    supervisor.kill()
    supervisor.wait()
    daemon.started()
    after = daemon.pids()
    assert after["beat"] == before["beat"]
    assert after["monitor"] != before["monitor"]
    assert not _arguments(before["monitor"])
    assert not _arguments(before["runner"])
    assert daemon.story("monitor") == ["begins", "begins"]  # it was not told to end: that would have been a farewell


def test_a_number_that_passed_to_another_process_is_left_alone(daemon):
    bystander = subprocess.Popen(["sleep", "100"])
    try:
        found = Process.of(bystander.pid)
        noted = {
            "version": 1,
            "parts": {"monitor": {"pid": found.pid, "started": found.started - 1}, "beat": {"pid": found.pid, "started": 1}},
        }
        (daemon.run / "daemon.json").write_text(json.dumps(noted))
        daemon.started()
        assert bystander.poll() is None
        assert daemon.pids()["beat"] != bystander.pid
    finally:
        bystander.kill()
        bystander.wait()


def test_of_two_starts_at_once_one_is_the_daemon(daemon):
    both = [daemon.begin(), daemon.begin()]
    daemon.wait_for(lambda: any(one.poll() is not None for one in both))
    (loser,) = [one for one in both if one.poll() is not None]
    (winner,) = [one for one in both if one is not loser]
    assert loser.returncode == 5
    daemon.wait_for(lambda: daemon.hears(winner, "ready"))
    assert daemon.story("monitor") == ["begins"]


@pytest.mark.parametrize("by", ["signal", "file"])
def test_the_monitor_reads_its_configuration_anew(daemon, by):
    supervisor = daemon.started()
    if by == "signal":
        supervisor.send_signal(signal.SIGHUP)
    else:
        (daemon.root / "etc/cluster.conf").write_text("[cluster]\n")
    daemon.wait_for(lambda: daemon.story("monitor") == ["begins", "configure"])


def test_systemd_hears_that_it_works_and_only_while_it_does(daemon, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        daemon.started(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="300000")
        assert manager.recv(1000).startswith(b"READY=1")
        assert manager.recv(1000) == b"WATCHDOG=1"
        monitor = daemon.pids()["monitor"]
        os.kill(monitor, signal.SIGSTOP)
        try:
            manager.settimeout(2)
            with pytest.raises(TimeoutError):
                while True:
                    assert manager.recv(1000) == b"WATCHDOG=1"
        finally:
            os.kill(monitor, signal.SIGCONT)


def test_a_part_of_which_nobody_would_know_the_end_does_not_live_on(tmp_path, monkeypatch):
    """The kernel has room for the process, and none for its descriptor: a moment that can't be provoked."""
    part, mark = Part("beat", ["/bin/sleep", "600"], str(tmp_path / "beat.log")), str(tmp_path)

    def no_room(pid):
        raise OSError(errno.EMFILE, mark)

    monkeypatch.setattr(os, "pidfd_open", no_room)
    before = set(children([identify(os.getpid())]))
    with pytest.raises(OSError, match=mark):
        part.begin(0.0)
    assert set(children([identify(os.getpid())])) == before
    assert not part.is_alive
