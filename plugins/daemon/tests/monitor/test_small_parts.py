"""Small parts of the monitor, each by itself."""

import asyncio
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from opensvc_daemon.monitor import scheduling as scheduling_module
from opensvc_daemon.monitor.asking import Asking
from opensvc_daemon.monitor.chronicle import Chronicle
from opensvc_daemon.monitor.host import parse
from opensvc_daemon.monitor.knowledge import Picture
from opensvc_daemon.monitor.leaving import leave
from opensvc_daemon.monitor.scheduling import AGAIN, ROUND, TICK, TOGETHER, Scheduling, is_turn
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.view import InstanceView, NodeView, ServiceView, View
from opensvc_daemon.recording import read_record

from opensvc_core.api import ActionFailed, Node, Status

LOADAVG = "0.10 0.20 0.34 1/234 5678\n"
MEMINFO = """MemTotal:        4000000 kB
MemFree:          100000 kB
MemAvailable:    3600000 kB
SwapTotal:       1000000 kB
SwapFree:         950000 kB
"""


def test_the_host_is_read_from_proc():
    host = parse(LOADAVG, MEMINFO)
    assert host.load == 0.3
    assert host.as_data()["mem"] == {"used_percent": 10, "limit_percent": 98, "total": 4096000000}
    assert host.as_data()["swap"]["used_percent"] == 5
    assert not host.is_overloaded


def test_a_full_host_is_overloaded_and_has_a_lower_score():
    full = parse("9 9 9 1/1 1", MEMINFO.replace("MemAvailable:    3600000", "MemAvailable:      10000"))
    assert full.is_overloaded
    assert full.score < parse(LOADAVG, MEMINFO).score


def test_a_node_below_a_folder_ends_no_machine():
    with pytest.raises(ActionFailed, match="lives below a folder"):
        leave("crash", is_whole_machine=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a process namespace: run it as root")
def test_a_container_that_leaves_the_game_ends_all_that_runs_in_it_the_daemon_too():
    program = "from opensvc_daemon.monitor.leaving import leave; leave('crash', is_whole_machine=True)"
    script = f'sleep 1000 & {sys.executable} -c "{program}"; echo $?; wait; echo all have ended'
    done = subprocess.run(
        ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == "137\nall have ended\n"


def test_each_service_has_one_turn_in_a_round():
    for service in ("svc1", "svc2", "prod/svc/web"):
        assert sum(is_turn(service, number) for number in range(ROUND)) == 1


def test_the_turns_of_a_minute_are_together():
    turns = [number for number in range(ROUND) for service in range(1000) if is_turn(f"s{service}", number)]
    assert len(turns) == 1000
    assert set(turns) == set(range(0, ROUND, TOGETHER))


def looks(monkeypatch, avail, began):
    """How often a service is looked at in a round that begins at 10,000 s."""
    monitor = Failing()
    monitor.known.instances["svc1"].avail = avail
    monitor.known.pictures = {"svc1": Picture(began=began)}
    scheduling, moment = Scheduling(monitor), 10_000.0
    monkeypatch.setattr(scheduling_module, "now", lambda: moment + scheduling._round * TICK)
    found = 0
    for scheduling._round in range(ROUND):
        found += scheduling._is_to_be_looked_at("svc1")
    return found


def test_what_could_not_be_seen_is_looked_at_in_every_round(monkeypatch):
    assert looks(monkeypatch, Status.UNDEF, began=9_999.0) == ROUND
    assert looks(monkeypatch, Status.UP, began=0.0) == 1


def test_what_was_looked_at_meanwhile_is_not_looked_at_in_its_turn(monkeypatch):
    assert looks(monkeypatch, Status.UP, began=10_000.0 + ROUND * TICK - 1) == 0


def test_answers_find_their_questions_in_any_order():
    async def play():
        sent, between = [], []
        asking = Asking(sent.append, between.append)
        first, second = (asyncio.ensure_future(asking.ask({"do": what})) for what in ("status", "running"))
        await asyncio.sleep(0)
        asking.answered({"id": sent[1]["id"], "tell": "running", "jobs": []})
        asking.answered({"id": sent[0]["id"], "tell": "status", "service": "svc1"})
        asking.answered({"id": sent[0]["id"], "tell": "done", "code": 0})
        assert (await first)["code"] == 0
        assert (await second)["jobs"] == []
        assert [one["service"] for one in between] == ["svc1"]

    asyncio.run(play())


def test_a_question_ends_with_the_other_side():
    async def play():
        asking = Asking(lambda _: None, lambda _: None)
        question = asyncio.ensure_future(asking.ask({"do": "running"}))
        await asyncio.sleep(0)
        asking.lost()
        with pytest.raises(ConnectionError):
            await question

    asyncio.run(play())


def test_decisions_are_recorded_and_can_be_replayed(tmp_path):
    node = Node(tmp_path, nodename="n1")
    chronicle = Chronicle(node)
    view = View("n1", {"n1": NodeView("n1")}, {"svc1": ServiceView("svc1", ("n1",), {"n1": InstanceView()})})
    for _ in range(3):
        chronicle.note(view, 5.0, decide(view, 5.0))
    chronicle.end()
    recorded = list(read_record(tmp_path / "var" / "node"))
    assert [(one.view, one.now) for one in recorded] == [(view, 5.0)]
    assert recorded[0].decision == decide(view, 5.0)


def test_what_waits_is_said_once_and_what_is_as_it_should_be_is_not_said(tmp_path):
    chronicle = Chronicle(Node(tmp_path, nodename="n1"))
    for seconds in ("5s", "4s", "3s"):
        chronicle.waits(Order(Do.NOTHING, "svc1", reasons=(Reason("fence.failed", "n2", (seconds,)),)))
    chronicle.waits(Order(Do.NOTHING, "svc1", reasons=(Reason("service.up", "n2"),)))
    chronicle.end()
    lines = (tmp_path / "log" / "svc1.log").read_text().splitlines()
    assert len(lines) == 1
    assert "fencing n2 failed, it is tried again in 5s" in lines[0]


def test_two_waits_of_one_service_are_each_said_once(tmp_path):
    chronicle = Chronicle(Node(tmp_path, nodename="n1"))
    for _ in range(3):
        chronicle.waits(Order(Do.NOTHING, "svc1", rids=("fs#2",), reasons=(Reason("resource.down", "", ("fs#2",)),)))
        chronicle.waits(Order(Do.NOTHING, "svc1", reasons=(Reason("service.undef", "n2"),)))
    chronicle.end()
    assert len((tmp_path / "log" / "svc1.log").read_text().splitlines()) == 2


class Failing:
    """A monitor, its knowledge and its runner in one: all that is due fails, and is due still."""

    def __init__(self):
        self.known = self.seeing = self.chronicle = self
        self.instances = {"svc1": SimpleNamespace(monitor=SimpleNamespace(is_acting=False), avail=Status.UP)}
        self.schedules = {"svc1": [{"action": "sync_all", "rid": "sync#1", "next": 1.0}, {"action": "status", "rid": "", "next": 2.0}]}

    async def asks(self, message):
        return {"code": 1, "why": "n2 does not answer"}

    async def looked(self, services):
        pass

    def say(self, *words):
        pass


def test_what_is_due_still_after_it_was_tried_is_tried_again_later(monkeypatch):
    scheduling, moment = Scheduling(Failing()), 1000.0
    monkeypatch.setattr(scheduling_module, "now", lambda: moment)
    asyncio.run(scheduling._do("svc1", "sync_all"))
    assert [row["action"] for _, row in scheduling._due(3.0)] == ["status"]
    scheduling._known.instances["svc1"].avail = Status.DOWN  # another service than that with which it failed, so to say
    assert [row["action"] for _, row in scheduling._due(3.0)] == ["sync_all", "status"]
    scheduling._known.instances["svc1"].avail = Status.UP
    moment += AGAIN
    assert [row["action"] for _, row in scheduling._due(3.0)] == ["sync_all", "status"]


def test_statuses_by_schedule_are_those_of_a_minute_together():
    scheduling = Scheduling(Failing())
    scheduling._round = TOGETHER + 1
    assert [row["action"] for _, row in scheduling._due(3.0)] == ["sync_all"]
    scheduling._round = 2 * TOGETHER
    assert [row["action"] for _, row in scheduling._due(3.0)] == ["sync_all", "status"]


def test_what_sees_to_failed_resources_is_put_off_by_nothing():
    monitor = Failing()
    monitor.is_overloaded, monitor.schedules = True, {"svc1": [{"action": "resource_monitor", "rid": "", "next": 1.0}]}
    scheduling = Scheduling(monitor)
    asyncio.run(scheduling._do("svc1", "resource_monitor"))
    assert [row["action"] for _, row in scheduling._due(3.0)] == ["resource_monitor"]
    scheduling._running |= {(f"svc{number}", "sync_all") for number in range(9)}
    assert scheduling._has_room("resource_monitor")
    assert not scheduling._has_room("sync_all")
    scheduling._running = {(f"svc{number}", "resource_monitor") for number in range(9)}  # they may wait for long
    assert scheduling._has_room("sync_all")
