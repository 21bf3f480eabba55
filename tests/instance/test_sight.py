"""What an action has seen of the host is asked for again after each operation, before each step, and where a change is waited for."""

import pytest

from opensvc_core.api import ActionTimeout, Call, Resource, Startable, Status
from opensvc_core.driver.sight import Sight
from opensvc_core.registry import DRIVERS

TWO = "[disk#1]\ntype = reported\n{0}\n[disk#2]\ntype = reported\n{0}"


class Host:
    """A report tells which resources are up. What is done is `hidden` for some reports; after some others `lost` goes down by itself."""

    def __init__(self):
        self.up, self.reports, self.hidden, self.lost = set(), 0, 0, {}

    def report(self):
        self.reports += 1
        self.hidden -= 1
        found = frozenset() if self.hidden >= 0 else frozenset(self.up)
        self.up -= self.lost.pop(self.reports, set())
        return found


class Reported(Resource, Startable):
    """A resource that the report tells of, with others."""

    id = "disk.reported"
    settle_seconds = 20.0
    host = Host()

    def status(self):
        return Status.UP if self.rid in self.context.once("report", self.host.report) else Status.DOWN

    def start(self):
        if self.seen() is not Status.UP:
            yield Call(f"start {self.rid}", self._begin)

    def stop(self):
        if self.seen() is Status.UP:
            yield Call(f"stop {self.rid}", lambda: self.host.up.discard(self.rid))

    def _begin(self):
        self.host.up.add(self.rid)
        # who waits inside an operation for what it does sees it
        assert self.status() is self.status() is Status.UP or self.host.hidden >= 0


@pytest.fixture
def host():
    Reported.host = Host()
    return Reported.host


@pytest.fixture
def lab(labs, plugin, host):
    return labs(plugin("opensvc_reported", group=DRIVERS, point=Reported.id, opensvc_register_drivers=lambda: [Reported]))


def test_it_is_asked_once_by_a_step_and_once_after_each_change(lab, host):
    service = lab.service(TWO.format(""))
    assert lab.do(service, "start") == ["start disk#1", "start disk#2"]
    # before and after each; the others are those of the operations themselves
    assert host.reports == 2 * 2 + 2 * 2
    host.reports = 0
    assert lab.do(service, "start") == []
    assert host.reports == 2
    host.reports = 0
    assert lab.do(service, "stop") == ["stop disk#2", "stop disk#1"]
    assert host.reports == 2 * 2


def test_what_others_change_between_two_steps_is_seen_by_the_second(lab, host):
    service = lab.service(TWO.format(""))
    host.up |= {"disk#1", "disk#2"}
    host.lost = {1: {"disk#2"}}
    assert lab.do(service, "start") == ["start disk#2"]


def test_a_plan_asks_once(lab, host):
    assert len(lab.service(TWO.format("")).plan("restart").operations) == 2
    assert host.reports == 1


def test_what_follows_late_is_looked_for_anew(lab, host):
    service = lab.service("[disk#1]\ntype = reported\n")
    host.hidden = 5
    assert lab.do(service, "start") == ["start disk#1"]
    # one before, two of the operation, and looks until it is seen, which the last check of the service goes by
    assert host.reports == 6


def test_those_that_start_side_by_side_see_what_they_have_done(lab, host):
    rids = [f"disk#{number}" for number in range(8)]
    sections = "".join(f"[{rid}]\ntype = reported\nsubset = all\n\n" for rid in rids)
    service = lab.service(f"[subset#disk:all]\nparallel = true\n\n{sections}")
    for _ in range(5):
        assert sorted(lab.do(service, "start")) == [f"start {rid}" for rid in rids]
        assert sorted(lab.do(service, "stop")) == [f"stop {rid}" for rid in rids]


def test_a_trigger_is_a_change(lab, host):
    service = lab.service(TWO.format("pre_start = true\n"))
    for rid in ("disk#1", "disk#2"):
        host.up.add(rid)
    lab.do(service, "start")
    assert host.reports == 2


def test_what_is_seen_while_another_thread_changes_something_is_not_kept():
    sight = Sight()

    def see():
        with sight.changing():
            assert sight.once("report", lambda: "between") == "between"
        return "before"

    assert sight.once("report", see) == "before"
    assert sight.once("report", lambda: "after") == "after"
    assert sight.once("report", lambda: "again") == "after"
    sight.forget()
    assert sight.once("report", lambda: "anew") == "anew"


def test_after_a_failure_nothing_is_kept_because_what_failed_may_go_on(lab, host):
    sight = Sight()
    with pytest.raises(ActionTimeout), sight.changing():
        raise ActionTimeout("mkfs: not ended after 1s")
    assert [sight.once("report", lambda word=word: word) for word in ("at first", "later")] == ["at first", "later"]
