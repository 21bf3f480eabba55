"""What of a service is scheduled, when it was done last, when it is due."""

import threading
from collections import Counter
from datetime import UTC, datetime

import pytest

from opensvc_core.api import Call, Keyword, Resource, Runnable, Status, Syncable, hookimpl, schedule_text
from opensvc_core.errors import LockTimeout
from opensvc_core.instance.request import Request
from opensvc_core.instance.scheduled import refusal, scheduled
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.system.locks import InstanceLock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()  # a Monday
HOUR = 3600.0
TICK = 10.0  # of the daemon's scheduler


# What the drivers answer, and what they did.
LAST, RAN, GONE = {}, [], set()
LOOKED = threading.Event()


class Copy(Resource, Syncable):
    """A copy to other nodes."""

    id = "sync.copy"
    schedule = Keyword(schedule_text, default="", scopable=True, inherit="sync_schedule", text="When.")

    def status(self):
        return Status.UP

    def sync(self, targets):
        yield Call("copy", lambda: RAN.append(targets))

    def last_run(self):
        return LAST.get(self.rid)


class Job(Resource, Runnable):
    """A task with times."""

    id = "task.job"
    schedule = Keyword(schedule_text, default="", scopable=True, inherit="run_schedule", text="When.")

    def status(self):
        return Status.NA

    def run(self):
        yield Call("do the job", lambda: RAN.append(self.rid))

    def last_run(self):
        known = LAST.get(self.rid)
        LOOKED.set()
        return known


class Errand(Resource, Runnable):
    """A task of a driver that knows no times."""

    id = "task.errand"

    def status(self):
        return Status.NA

    def run(self):
        yield Call("do the errand", lambda: RAN.append(self.rid))


class Store(Resource):
    """A disk that may have been taken away."""

    id = "disk.store"

    def status(self):
        return Status.NA

    def is_provisioned(self):
        return self.rid not in GONE


@hookimpl
def opensvc_register_drivers():
    return [Copy, Job, Errand, Store]


POINTS = [EntryPoint(DRIVERS, cls.id, __name__, "opensvc-scheduled") for cls in (Copy, Job, Errand, Store)]


@pytest.fixture
def node(labs):
    for known in (LAST, RAN, GONE):
        known.clear()
    LOOKED.clear()
    return labs(*POINTS)


def rows(service, now=NOON):
    return [(row.action, row.parameter, row.definition) for row in scheduled(service.instance(), now, UTC)]


def when(moment):
    return moment and f"{datetime.fromtimestamp(moment, UTC):%a %H:%M}"


def test_a_service_without_tasks_has_its_status_and_what_it_tells_of_itself(node):
    service = node.service("[fs#1]\ntype = probe\n")
    assert rows(service) == [("status", "DEFAULT.status_schedule", "@10"), ("push_resinfo", "DEFAULT.resinfo_schedule", "@60")]


def test_tasks_and_copies_have_times_of_their_own_or_those_of_the_service(node):
    service = node.service(
        "[DEFAULT]\nsync_schedule = @7\nrun_schedule@n1 = 10:00\n[sync#1]\ntype = copy\n[sync#2]\ntype = copy\nschedule = @5\n"
        "[task#1]\ntype = job\n[task#2]\ntype = job\nschedule@n2 = @1\nschedule = {env.times}\n[env]\ntimes = 12:00 mon\n"
    )
    assert rows(service)[2:] == [
        ("sync_all", "sync#1.schedule", "@7"),
        ("sync_all", "sync#2.schedule", "@5"),
        ("run", "task#1.schedule", "10:00"),
        ("run", "task#2.schedule", "12:00 mon"),
    ]


def test_a_copy_without_times_has_those_of_its_generation(node):
    assert rows(node.service("[sync#1]\ntype = copy\n"))[2] == ("sync_all", "sync#1.schedule", "04:00-06:00@121")
    node.node.paths.etc.joinpath("older.env").write_text("[sync#1]\ntype = copy\n")
    older = node.node.service("older")
    assert rows(older)[2] == ("sync_all", "sync#1.schedule", "03:59-05:59@121")
    instance = older.instance()
    assert refusal(instance, instance.part("sync#1"), NOON, UTC) == "not in allowed period (['03:59', '05:59'])"
    assert refusal(instance, instance.part("sync#1"), NOON - 7 * HOUR, UTC) == ""


def test_what_is_disabled_has_no_times(node):
    service = node.service("[task#1]\ntype = job\nschedule = @10\ndisable = true\n[task#2]\ntype = errand\n")
    assert len(rows(service)) == 2
    assert rows(node.service("[DEFAULT]\ndisable = true\n[task#1]\ntype = job\nschedule = @10\n", "off")) == []


def test_when_it_was_last_and_when_it_is_next(node):
    service = node.service(
        "[DEFAULT]\nstatus_schedule = @1h\n[task#1]\ntype = job\nschedule = @30\n[task#2]\ntype = job\nschedule = none\n"
    )
    LAST["task#1"] = NOON - 600
    service.state.keep_time("status", NOON - 1800)
    found = {row.rid or row.action: (when(row.last_run), when(row.next_run)) for row in scheduled(service.instance(), NOON, UTC)}
    assert found == {
        "status": ("Mon 11:30", "Mon 12:30"),
        "push_resinfo": (None, "Mon 12:00"),
        "task#1": ("Mon 11:50", "Mon 12:20"),
        "task#2": (None, None),
    }


def test_the_first_runs_of_many_services_are_spread_and_none_is_forgotten(node):
    services = [node.service("[task#1]\ntype = job\nschedule = @1h\n", f"svc{number}") for number in range(50)]
    due = [next_of(service, "task#1", NOON, is_waited_for=True) for service in services]
    ticks = Counter(int((moment - NOON) // TICK) for moment in due)
    assert max(ticks.values()) <= 3  # 50 in 360 ticks
    assert min(due) < NOON + HOUR / 8 and NOON + HOUR * 7 / 8 < max(due) < NOON + HOUR
    assert [next_of(service, "task#1", NOON + HOUR) for service in services] == [NOON + HOUR] * 50


def test_a_first_run_that_is_put_off_is_what_the_table_tells_and_a_scheduler_keeps_to(node):
    service = node.service("[task#1]\ntype = job\nschedule = @1h\n")
    assert next_of(service, "task#1", NOON) == NOON  # nobody waits for it
    first = next_of(service, "task#1", NOON, is_waited_for=True)
    assert NOON < first < NOON + HOUR
    assert next_of(service, "task#1", NOON + 10) == next_of(service, "task#1", NOON + 20, is_waited_for=True) == first
    cron(node, service, first - 1)
    assert RAN == []
    assert any(event.text.startswith("skip run: its first run is put off to ") for event in node.events)
    cron(node, service, first)
    assert RAN == ["task#1"]


def test_what_has_run_is_waited_for_no_more_and_a_range_without_intervals_is_not_put_off(node):
    service = node.service("[task#1]\ntype = job\nschedule = @1h\n[task#2]\ntype = job\nschedule = 11:00-13:00\n")
    assert next_of(service, "task#2", NOON, is_waited_for=True) == NOON
    assert set(service.state.waited_for()) == {"status", "push_resinfo", "task#1", "task#2"}
    LAST["task#1"] = NOON
    assert next_of(service, "task#1", NOON, is_waited_for=True) == NOON + HOUR
    assert set(service.state.waited_for()) == {"status", "push_resinfo", "task#2"}


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"task#1": "x"}', '{"task#1": true}'])
def test_a_damaged_note_of_what_is_waited_for_is_none(node, text):
    service = node.service("[task#1]\ntype = job\nschedule = @1h\n")
    service.state.keep_waited_for({"task#1": NOON})
    (service.state.folder / "scheduler/waited_for.json").write_text(text)
    assert next_of(service, "task#1", NOON) == NOON


def test_a_note_of_a_moment_to_come_puts_off_by_no_more_than_the_interval(node):
    service = node.service("[task#1]\ntype = job\nschedule = @1h\n")
    service.state.keep_waited_for({"task#1": NOON + 1000 * HOUR})
    assert next_of(service, "task#1", NOON, is_waited_for=True) < NOON + HOUR
    assert service.state.waited_for()["task#1"] == NOON


def next_of(service, rid, now, **more):
    return next(row.next_run for row in scheduled(service.instance(), now, UTC, **more) if row.rid == rid)


@pytest.mark.parametrize("text", ["", "{", '"x"', "true", "[1]"])
def test_a_damaged_note_of_a_last_time_is_none(node, text):
    service = node.service("")
    service.state.keep_time("status", NOON)
    (service.state.folder / "scheduler/last_status").write_text(text)
    assert service.state.last_time("status") is None


# No zone has its midnight near it: what the host's wall shows does not matter.
LATER = NOON + 34 * 60
TASKS = "[task#1]\ntype = job\nschedule = *@10\n[task#2]\ntype = job\nschedule = *\n[task#3]\ntype = job\n[task#4]\ntype = errand\n"


def cron(node, service, now, **more):
    """What a scheduler does at a moment."""
    node.events.clear()
    service.perform(Request("run", due_at=now), node.events.append, by_scheduler=True, **more)


def test_only_what_is_due_is_run_by_schedule(node):
    service = node.service(TASKS)
    LAST.update({"task#1": LATER - 660, "task#2": LATER - 10})
    cron(node, service, LATER)
    assert RAN == ["task#1"]
    skipped = {event.rid: event.text for event in node.events if event.name == "skip"}
    assert skipped == {
        "task#2": "skip run: the last run was 10 s ago, in this period",
        "task#3": "skip run: never scheduled",
        "task#4": "skip run: it has no schedule",
    }
    assert all(event.level.value == "DEBUG" for event in node.events if event.name == "skip")


def test_what_is_asked_for_is_run_whatever_its_schedule(node):
    service = node.service(TASKS)
    LAST["task#1"] = LATER
    node.do(service, "run")
    assert RAN == ["task#1", "task#2", "task#3", "task#4"]


def test_where_nothing_is_due_nothing_is_said_and_no_command_around_it_runs(node):
    service = node.service("[DEFAULT]\nblocking_pre_run = false\n" + TASKS)
    LAST.update({"task#1": LATER, "task#2": LATER})
    cron(node, service, LATER + 1)
    assert RAN == [] and node.lines() == []


def test_a_service_without_tasks_or_for_others_is_left_alone_by_the_schedule(node):
    cron(node, node.service("[fs#1]\ntype = probe\n", "plain"), LATER)
    cron(node, node.service("[DEFAULT]\nnodes = n2\n" + TASKS, "theirs"), LATER)
    cron(node, node.service("[DEFAULT]\ndisable = true\n" + TASKS, "off"), LATER)
    assert RAN == [] and node.lines() == []


def test_who_looks_whether_something_is_due_does_not_wait_for_a_long_run(node):
    service = node.service(TASKS)
    LAST.update({"task#1": LATER, "task#2": LATER})
    lock = InstanceLock(service.state.lock_file, name="svc1")
    lock.acquire("run", wait=0)
    try:
        cron(node, service, LATER + 1, wait_lock=0)
        with pytest.raises(LockTimeout):
            cron(node, service, LATER + 3600, wait_lock=0)
    finally:
        lock.release()


def test_a_service_that_was_unprovisioned_is_left_alone_until_it_is_there_again(node):
    service = node.service("[disk#1]\ntype = store\n" + TASKS)
    service.state.set_provisioned("disk#1", value=False)
    GONE.add("disk#1")
    cron(node, service, LATER)
    assert RAN == []
    assert "skip run: disk#1 not provisioned" in [event.text for event in node.events]
    GONE.clear()
    cron(node, service, LATER)
    assert RAN == ["task#1", "task#2"]


def test_a_task_that_can_not_be_used_is_told_when_it_may_be_due(node):
    service = node.write("[task#1]\ntype = job\nschedule = 10:00 mo\n")
    cron(node, service, LATER)
    assert "'mo': no weekday" in "".join(node.lines())
    assert [finding.code for finding in service.validate()] == ["bad-value"]


def test_a_plan_has_what_is_due(node):
    service = node.service(TASKS)
    LAST.update({"task#1": LATER - 660, "task#2": LATER - 10})
    plan = service.rehearse(Request("run", due_at=LATER))
    assert [operation.rid for operation in plan.operations] == ["task#1"]


def test_who_asks_for_what_is_due_is_told_why_something_is_not(node):
    service = node.service(TASKS)
    LAST.update({"task#1": LATER, "task#2": LATER})
    node.do(service, "run", due_at=LATER + 60)
    assert "skip run: the last run was 60 s ago, and the interval is 600 s" in node.lines("task#1")


def test_two_schedulers_at_once_run_it_once(node):
    service = node.service("[task#1]\ntype = job\nschedule = *@10\n")
    lock = InstanceLock(service.state.lock_file, name="svc1")
    lock.acquire("run", wait=0)
    other = threading.Thread(target=cron, args=(node, service, LATER), kwargs={"wait_lock": 60})
    other.start()
    assert LOOKED.wait(60)  # the other one has seen that it is due, and waits for us
    LAST["task#1"] = LATER
    lock.release()
    other.join(60)
    assert not other.is_alive() and RAN == []


def test_what_is_put_off_or_not_up_is_left_alone_without_the_lock(node):
    service = node.service("[task#1]\ntype = job\nschedule = @1h\n")
    first = next_of(service, "task#1", NOON, is_waited_for=True)
    lock = InstanceLock(service.state.lock_file, name="svc1")
    lock.acquire("run", wait=0)
    try:
        cron(node, service, first - 1, wait_lock=0)
    finally:
        lock.release()
    assert RAN == []
