"""Monitored resources of a service that a cluster manager has started: started again, or the service is given away."""

import threading

import pytest

from opensvc_core.api import Call, ClusterManager, Resource, Status, hookimpl
from opensvc_core.errors import ActionFailed, ActionInterrupted, ActionRefused
from opensvc_core.instance.scheduled import scheduled
from opensvc_core.model.events import Level
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.system.locks import InstanceLock


class Manager(Resource, ClusterManager):
    """A cluster manager that does what a test says."""

    id = "hb.openha"
    says, next_node, stop = Status.UP, "n2", None

    def status(self):
        return Manager.says

    def takeover(self):
        raise ActionRefused("it has begun no start")

    def successor(self):
        if not Manager.next_node:
            raise ActionRefused("n2 is asleep")
        return Manager.next_node

    def give_up(self):
        yield Call("freeze-stop", Manager.stop)


@hookimpl
def opensvc_register_drivers():
    return [Manager]


MANAGED = "[DEFAULT]\nnodes = n1 n2\n{more}[hb#0]\ntype = OpenHA\n[fs#1]\ntype = probe\nmonitor = true\n{of_fs}"


class Watched:
    """A service that its manager has started."""

    def __init__(self, lab):
        self.lab, self.events, self.given_away = lab, [], 0

    def made(self, of_fs="", more="", rest=""):
        self.service = self.lab.service(MANAGED.format(of_fs=of_fs, more=more) + rest)
        self.lab.do(self.service, "start", by_manager=True)
        self.service.state.thaw()
        Manager.says, Manager.next_node, Manager.stop = Status.UP, "n2", self._stop
        return self

    def _stop(self):
        """What a manager does: it has this agent stop the service, which needs the lock."""
        self.given_away += 1
        self.lab.do(self.service, "stop", by_manager=True, wait_lock=0.0)
        Manager.says = Status.WARN

    def lose(self, rid="fs#1"):
        """It goes down behind our back."""
        self.resource(rid).file.unlink()
        return self

    def resource(self, rid="fs#1"):
        return self.service.instance().part(rid).resource

    def look(self, **more):
        """One round; what it said."""
        self.events = []
        self.service.monitor(self.events.append, **more)
        return self.said()

    def said(self, level=None):
        return [one.text for one in self.events if one.level is not Level.DEBUG and level in (None, one.level)]


@pytest.fixture
def watched(labs):
    yield Watched(labs(EntryPoint(DRIVERS, Manager.id, __name__, "opensvc-watched")))
    Manager.says, Manager.next_node, Manager.stop = Status.UP, "n2", None


def test_while_all_is_up_nothing_is_done_and_a_schedule_says_nothing(watched):
    assert watched.made().look() == ["all that is monitored is up"]
    assert watched.look(by_scheduler=True) == []
    assert not watched.given_away


def test_what_is_down_has_the_service_given_away_once(watched):
    said = watched.made().lose().look(by_scheduler=True)
    assert said == [
        "fs#1 is down: the cluster manager is asked to stop it here, n2 is to take it over",
        "freeze-stop",
        "it is stopped here, and stays so until a person lets the cluster manager start it again",
    ]
    assert watched.look() == ["the cluster manager does not have it started here"]
    assert watched.given_away == 1


def test_it_is_started_again_as_often_as_its_file_says(watched):
    watched.made("restart = 1\n").lose()
    assert watched.look()[:1] == ["fs#1 is down: it is started again, 1 of 1"]
    assert watched.lab.seen(watched.service)["fs#1"] == "up"
    assert watched.lose().look()[0].startswith("fs#1 is down after 1 restarts: the cluster manager is asked")
    assert watched.given_away == 1


def test_a_restart_that_fails_is_tried_again_and_then_it_is_given_away(watched):
    watched.made("restart = 2\n").lose()
    watched.service.change(lambda document: document.set("fs#1", "fails", "start"))
    watched.look()
    texts = watched.said(Level.WARNING)
    assert texts[:2] == ["fs#1 is down: it is started again, 1 of 2", "fs#1 is down: it is started again, 2 of 2"]
    assert texts[2].startswith("fs#1 is down after 2 restarts")
    assert watched.given_away == 1


def test_a_restart_that_was_asked_for_is_not_forgotten_when_it_is_interrupted(watched):
    watched.made("restart = 2\nrestart_delay = 1h\n").lose()
    watched.service.change(lambda document: document.set("fs#1", "fails", "start"))
    cancel = threading.Event()

    def keep(event):
        if "again in" in event.text:
            cancel.set()

    for _ in range(2):  # the second round waits at once
        with pytest.raises(ActionInterrupted):
            watched.service.monitor(keep, cancel=cancel)
        cancel.clear()
    assert watched.resource().context.var_dir.parent.joinpath("monitored.json").read_text().count("[1, ") == 1
    assert not watched.given_away


def test_while_it_waits_the_service_can_be_stopped(watched):
    watched.made("restart = 2\nrestart_delay = 1h\n").lose()
    watched.service.change(lambda document: document.set("fs#1", "fails", "start"))
    cancel = threading.Event()

    def keep(event):
        if "again in" in event.text:
            watched.lab.do(watched.service, "stop", by_manager=True, wait_lock=0.0)
            cancel.set()

    with pytest.raises(ActionInterrupted):
        watched.service.monitor(keep, cancel=cancel)


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.UP], ids=str)
def test_what_the_manager_has_not_started_is_left_alone(watched, status):
    watched.made().lose()
    Manager.says = status
    assert watched.look() == ["the cluster manager does not have it started here"]
    assert not watched.given_away


def test_a_status_that_can_t_be_had_is_told_once_and_nothing_follows(watched):
    watched.made()
    watched.service.change(lambda document: document.set("fs#1", "fails", "status"))
    (said,) = watched.look(by_scheduler=True)
    assert "fs#1 is undef" in said
    assert "no idea" in said
    assert watched.look(by_scheduler=True) == []
    assert watched.look() == [said]
    assert not watched.given_away


def test_while_an_action_runs_nothing_is_done(watched):
    watched.made().lose()
    lock = InstanceLock(watched.service.state.lock_file)
    lock.acquire("stop", wait=0.0)
    (said,) = watched.look()
    assert said.startswith("'stop' by pid ")
    assert said.endswith("nothing is done meanwhile")
    lock.release()
    assert not watched.given_away


def test_an_action_that_begins_between_two_looks_is_not_disturbed(watched):
    watched.made("restart = 1\n").lose()
    lock, said = InstanceLock(watched.service.state.lock_file), []

    def keep(event):
        said.append(event.text)
        if "started again, 1 of 1" in event.text:
            lock.acquire("stop", wait=0.0)

    watched.service.monitor(keep)
    lock.release()
    assert said[-1].endswith("nothing is done meanwhile")
    assert watched.look()[0] == "fs#1 is down: it is started again, 1 of 1"


def test_two_rounds_at_once_are_one(watched, elsewhere):
    watched.made().lose()
    Manager.stop = None

    def round_elsewhere(wait):
        Manager.stop = wait
        with pytest.raises(ActionFailed):  # this manager only says that it has stopped it
            watched.service.monitor(lambda _event: None)

    with elsewhere(round_elsewhere):
        assert watched.look() == ["nothing is done: its resources are being looked after already"]
        assert watched.look(by_scheduler=True) == []


def test_what_is_frozen_is_left_to_people(watched):
    watched.made().lose()
    watched.service.state.freeze()
    assert watched.look() == ["fs#1 is down: nothing is done, as the service is frozen ('thaw' has it looked after again)"]
    watched.service.state.thaw()
    watched.lab.node.state.freeze()
    assert watched.look() == ["fs#1 is down: nothing is done, as the node is frozen ('nodemgr thaw' has its services looked after again)"]
    watched.lab.node.state.thaw()
    watched.look()
    assert watched.given_away == 1


def test_what_a_person_stopped_is_left_until_something_is_started(watched):
    watched.made()
    watched.lab.do(watched.service, "stop", by_manager=True)
    (said,) = watched.look()
    assert "as something of it was stopped here last" in said
    watched.lab.do(watched.service, "start", by_manager=True)
    watched.lose().look()
    assert watched.given_away == 1


def test_none_keeps_the_service_where_it_is_but_restarts_go_on(watched):
    watched.made("restart = 1\n", "monitor_action = none\n").lose()
    watched.look()
    assert watched.lab.seen(watched.service)["fs#1"] == "up"
    assert watched.lose().look() == ["fs#1 is down after 1 restarts: it is not given away, monitor_action is 'none'"]
    assert not watched.given_away


def test_without_a_successor_it_stays_here(watched, script):
    watched.made(more=f"pre_monitor_action = {script('before')}\n").lose()
    Manager.next_node = ""
    assert watched.look(by_scheduler=True) == ["fs#1 is down: it is not given away, n2 is asleep"]
    assert watched.look(by_scheduler=True) == []
    assert (watched.given_away, script.said()) == (0, [])


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_is_run_before_whatever_it_comes_to(watched, script, code):
    watched.made(more=f"pre_monitor_action = {script('before', code=code)}\n").lose().look()
    assert (watched.given_away, script.said()) == (1, ["before"])
    assert any("exit code 3" in text for text in watched.said(Level.WARNING)) == bool(code)


def test_what_the_command_mends_is_not_given_away(watched):
    file = watched.made().resource().file
    watched.service.change(lambda document: document.set("DEFAULT", "pre_monitor_action", f"touch {file}"))
    assert watched.lose().look()[-1] == "all that is monitored is up"
    assert not watched.given_away


def test_only_what_is_monitored_and_not_disabled_counts(watched):
    watched.made(rest="[fs#2]\ntype = probe\n[fs#3]\ntype = probe\nmonitor = true\ndisable = true\n").lose("fs#2")
    assert watched.look() == ["all that is monitored is up"]


def test_a_manager_that_goes_on_is_an_error(watched):
    watched.made().lose()
    Manager.stop = int
    with pytest.raises(ActionFailed, match="has it started still"):
        watched.look()
    assert watched.said(Level.ERROR) == ["it is not given away: the cluster manager was asked to stop it here, and has it started still"]


def test_what_is_up_after_the_manager_has_stopped_it_is_told(watched):
    watched.made(rest="[fs#2]\ntype = probe\n").lose()
    Manager.stop = lambda: setattr(Manager, "says", Status.WARN)
    with pytest.raises(ActionFailed, match="the cluster manager has it stopped here, and fs#2 is up: stop it before it is used elsewhere"):
        watched.look()


def test_without_a_manager_the_daemon_does_it(lab):
    with pytest.raises(ActionRefused, match="the daemon looks after its resources"):
        lab.service("[fs#1]\ntype = probe\nmonitor = true\n").monitor(lambda _event: None)


def test_what_is_not_for_this_node_is_refused_and_passed_over_by_a_schedule(watched):
    watched.made().service.change(lambda document: document.set("DEFAULT", "nodes", "n2 n3"))
    with pytest.raises(ActionRefused, match="not for this node"):
        watched.lose().look()
    assert watched.look(by_scheduler=True) == []
    assert watched.service.state.last_time("resource_monitor")
    assert not watched.given_away


# -- by schedule


def times(service):
    return {row.parameter: row.definition for row in scheduled(service.instance(), 0.0) if row.action == "resource_monitor"}


def test_it_has_times_where_a_manager_has_monitored_resources(watched):
    service = watched.made().service
    assert times(service) == {"DEFAULT.monitor_schedule": "@1"}
    service.change(lambda document: document.set("DEFAULT", "monitor_schedule", "@5"))
    assert times(service) == {"DEFAULT.monitor_schedule": "@5"}
    service.change(lambda document: document.set("fs#1", "monitor", "false"))
    assert times(service) == {"DEFAULT.monitor_schedule": "@5"}
    service.change(lambda document: document.unset("DEFAULT", "monitor_schedule"))
    assert times(service) == {}


def test_without_a_manager_it_has_none(lab):
    service = lab.service("[DEFAULT]\nmonitor_schedule = @1\n[fs#1]\ntype = probe\nmonitor = true\n")
    assert times(service) == {}


def test_a_round_that_is_not_due_is_none(watched):
    watched.made().lose()
    now = watched.lab.node.clock.now()
    watched.service.state.keep_time("resource_monitor", now)
    assert watched.look(due_at=now + 59.0, by_scheduler=True) == []
    assert watched.look(due_at=now + 59.0) == ["nothing is done: it is not due"]
    assert not watched.given_away
    watched.look(due_at=now + 61.0, by_scheduler=True)
    assert watched.given_away == 1


def test_a_call_every_minute_is_not_left_out_for_coming_a_little_sooner(watched):
    minute = (watched.made().lab.node.clock.now() // 60 + 1) * 60
    watched.look(due_at=minute + 4.0, by_scheduler=True)
    watched.lose().look(due_at=minute + 59.0, by_scheduler=True)
    assert not watched.given_away
    watched.look(due_at=minute + 60.5, by_scheduler=True)
    assert watched.given_away == 1
