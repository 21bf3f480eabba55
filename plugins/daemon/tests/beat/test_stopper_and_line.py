"""The stopper, with real processes, and lines, with links of a few lines."""

import contextlib
import os
import sys
import threading
from pathlib import Path

import pytest
from opensvc_daemon import clock
from opensvc_daemon.beat import line as line_module
from opensvc_daemon.beat.line import WAITING, Line
from opensvc_daemon.beat.lines import Lines
from opensvc_daemon.beat.loop import Loop
from opensvc_daemon.beat.stopper import Stopper


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


def run(stopper, loop, until, count=1):
    """Tick until so many tries have ended."""
    ended = []

    def is_done():
        ended.extend(stopper.tick(clock.now()))
        loop.wait(0.01)
        return len(ended) >= count

    until(is_done, "the tries to end")
    return ended


def python(text):
    return [sys.executable, "-S", "-c", text]


def test_a_stop_runs_in_a_session_of_its_own(loop, until, tmp_path):
    stopper = Stopper(lambda service: python(f"import os; open('{tmp_path}/{service}', 'w').write(str(os.getsid(0) == os.getpid()))"), loop)
    stopper.begin("svc1")
    stopper.begin("svc1")
    assert run(stopper, loop, until) == [("svc1", 0)]
    assert (tmp_path / "svc1").read_text() == "True"
    assert stopper.deadline() == float("inf")
    assert stopper.tick(clock.now() + 100) == []


def test_one_that_fails_is_tried_again_until_it_is_done(loop, until, tmp_path):
    text = f"import os, sys; n = len(os.listdir('{tmp_path}')); open(f'{tmp_path}/{{n}}', 'w'); sys.exit(n < 2)"
    stopper = Stopper(lambda service: python(text), loop)
    stopper.begin("svc1")
    assert run(stopper, loop, until, 3) == [("svc1", 1), ("svc1", 1), ("svc1", 0)]


def test_one_that_hangs_is_ended_with_all_that_it_began(loop, until, tmp_path):
    text = f"import os, time; open('{tmp_path}/' + str(os.fork() or os.getpid()), 'w'); time.sleep(60)"
    stopper = Stopper(lambda service: python(text), loop)
    stopper.limit = 0.5
    stopper.begin("svc1")
    assert run(stopper, loop, until)[0] == ("svc1", -9)
    until(lambda: not any(is_running(int(name)) for name in os.listdir(tmp_path)), "their end")  # noqa: PTH208 - numbers are wanted


def is_running(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


class Link:
    """Receives what a test delivers."""

    interval, timeout, detail, configured = 1.0, 5.0, "here", ()

    def __init__(self, fails=None):
        self.troubles = {}
        self.fails, self.sent, self.begun = fails, [], 0
        self._due = threading.Condition()
        self._waiting = []

    def send(self, beat):
        if self.fails:
            raise self.fails
        self.sent.append(beat)

    def receive(self, deliver, stopped):
        self.begun += 1
        if self.fails:
            raise self.fails
        while not stopped():
            with self._due:
                self._due.wait(0.5)
                waiting, self._waiting = self._waiting, []
            for each in waiting:
                deliver("there", each)

    def arrive(self, *data):
        with self._due:
            self._waiting += data
            self._due.notify()

    def wake(self):
        with self._due:
            self._due.notify()

    def close(self):
        self.wake()


@pytest.fixture
def line():
    made = []

    def make(link):
        made.append(Line("hb#1", 1, link, news=lambda: None, clock=clock.now))
        made[-1].receive(run=True)
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_what_arrives_waits_in_its_order(line, until):
    link = Link()
    one = line(link)
    link.arrive(b"1", b"2", b"3")
    until(lambda: len(one.arrived) == 3, "them")
    assert list(one.arrived) == [("there", b"1"), ("there", b"2"), ("there", b"3")]


def test_a_flood_keeps_no_more_than_a_bounded_number(line, until):
    link = Link()
    one = line(link)
    one.gate.was_good("there")
    link.arrive(*(b"%d" % number for number in range(5000)))
    until(lambda: one.arrived and one.arrived[-1] == ("there", b"4999"), "the last")
    assert len(one.arrived) == WAITING


@pytest.mark.parametrize("error", [OSError("no such address"), RuntimeError("a fault of the plugin")], ids=["broken", "faulty"])
def test_a_link_that_fails_is_told_for_both_directions_and_tried_again(line, until, error):
    link = Link(error)
    one = line(link)
    one.send(b"beat", 0.0)
    until(lambda: one.directions()["hb#1.rx"].state == "failed", "the failure")
    assert str(error) in one.directions()["hb#1.rx"].why
    assert str(error) in one.directions()["hb#1.tx"].why
    link.fails = None
    until(lambda: link.begun > 1, "that it is tried again")
    link.arrive(b"1")
    until(lambda: one.directions()["hb#1.rx"].state == "running", "its recovery")
    one.send(b"beat", 1.0)
    assert one.directions()["hb#1.tx"].state == "running"


def test_what_is_stopped_neither_sends_nor_receives(line, until):
    link = Link()
    one = line(link)
    until(lambda: link.begun, "the beginning")
    one.receive(run=False)
    one.sends = False
    one.send(b"beat", 0.0)
    assert link.sent == []
    assert [each.state for each in one.directions().values()] == ["stopped", "stopped"]
    one.receive(run=True)
    until(lambda: link.begun == 2, "another beginning")


class Port(Link):
    """Needs what only one can have, and gives it up late."""

    def __init__(self, configured, port, may_go):
        super().__init__()
        self.configured, self.refused = (configured,), 0
        self._port, self._may_go = port, may_go

    def receive(self, deliver, stopped):
        if not self._port.acquire(blocking=False):
            self.refused += 1
            raise OSError("in use")
        try:
            super().receive(deliver, stopped)
            self._may_go.wait(60)
        finally:
            self._port.release()


def test_a_line_that_takes_the_place_of_another_finds_its_port_free(until, monkeypatch):
    monkeypatch.setattr(line_module, "_PATIENCE", 60.0)
    port, may_go, lines = threading.Lock(), threading.Event(), Lines(news=lambda: None, clock=clock.now)
    before, after = Port("timeout 5", port, may_go), Port("timeout 9", port, may_go)
    lines.configure({"hb#1": before})
    until(lambda: before.begun, "the first one")
    lines.configure({"hb#1": after})
    assert lines.directions()["hb#1.rx"].state == "running"
    may_go.set()
    until(lambda: after.begun, "the second one")
    assert after.refused == 0
    lines.close()
