"""Failures: rollback, interruption, drivers that go wrong, the lock."""

import threading
import time

import pytest

from opensvc_core.errors import ActionFailed, ActionInterrupted, LockTimeout
from opensvc_core.instance.request import Request
from opensvc_core.plan.selection import Selection
from opensvc_core.system.locks import InstanceLock

THREE = "[ip#1]\ntype = probe\n[fs#1]\ntype = probe\n[app#1]\ntype = probe\n"


# -- rollback


def test_a_failed_start_is_taken_back_in_reverse(lab):
    service = lab.service(THREE + "fails = start\n")
    with pytest.raises(ActionFailed, match="app#1 fails"):
        lab.do(service, "start")
    assert [line for line in lab.lines() if line.startswith(("trying", "undo", "skip"))] == [
        "trying to rollback start on ip#1, fs#1",
        "undo fs#1",
        "undo ip#1",
    ]
    assert set(lab.seen(service).values()) == {"down"}


def test_a_start_that_did_nothing_has_nothing_to_take_back(lab):
    with pytest.raises(ActionFailed):
        lab.do(lab.service("[fs#1]\ntype = probe\nfails = start\n"), "start")
    assert lab.lines()[-1] == "skip rollback start: no resource activated"


def test_what_was_up_before_a_failed_start_stays_up(lab):
    service = lab.service(THREE + "fails = start\n")
    lab.do(service, "start", Selection(rids=("ip#1",)))
    with pytest.raises(ActionFailed):
        lab.do(service, "start")
    assert "trying to rollback start on fs#1" in lab.lines()
    assert lab.seen(service) == {"ip#1": "up", "fs#1": "down", "app#1": "down"}


@pytest.mark.parametrize(("head", "request_", "who"), [
    ("[DEFAULT]\nrollback = false\n", {}, "DEFAULT.rollback"),
    ("", {"rolls_back": False}, "--disable-rollback"),
], ids=["keyword", "option"])  # fmt: skip
def test_without_rollback_what_was_done_stays(lab, head, request_, who):
    service = lab.service(head + THREE + "fails = start\n")
    with pytest.raises(ActionFailed):
        lab.do(service, "start", **request_)
    assert lab.lines()[-1] == f"skip rollback start: as instructed by {who}"
    assert lab.seen(service) == {"ip#1": "up", "fs#1": "up", "app#1": "down"}


def test_standby_resources_are_not_rolled_back(lab):
    service = lab.service("[fs#1]\ntype = probe\nstandby = true\n[app#1]\ntype = probe\nfails = start\n")
    with pytest.raises(ActionFailed):
        lab.do(service, "start")
    assert lab.seen(service)["fs#1"] == "stdby up"


def test_what_can_not_be_undone_is_told_and_the_rest_is_undone(lab):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nfails = undo\n[app#1]\ntype = probe\nfails = start\n")
    with pytest.raises(ActionFailed, match="app#1 fails"):
        lab.do(service, "start")
    assert "rollback: it can't be undone" in lab.lines("fs#1")
    assert lab.seen(service)["ip#1"] == "down"


def test_an_undo_may_take_several_operations_of_which_one_answers_to_another(lab):
    service = lab.service("[fs#1]\ntype = probe\nfails = step\n[app#1]\ntype = probe\nfails = start\n")
    with pytest.raises(ActionFailed, match="app#1 fails"):
        lab.do(service, "start")
    assert [line for line in lab.lines("fs#1") if line.startswith("undo")] == ["undo fs#1 at once", "undo fs#1"]
    assert lab.seen(service)["fs#1"] == "down"


def test_a_failed_stop_leaves_what_stands_above_down_and_the_rest_up(lab):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nfails = stop\n[app#1]\ntype = probe\n")
    lab.do(service, "start")
    with pytest.raises(ActionFailed, match="fs#1 fails"):
        lab.do(service, "stop")
    assert lab.seen(service) == {"ip#1": "up", "fs#1": "up", "app#1": "down"}


def test_a_step_counts_only_when_the_status_says_so(lab):
    with pytest.raises(ActionFailed, match="fs#1 is down after start"):
        lab.do(lab.service("[fs#1]\ntype = probe\nfails = lies\n"), "start")
    assert "undo fs#1" in lab.lines()


@pytest.mark.parametrize(
    ("fails", "said"),
    [("bug", "fs#1: the driver failed: TypeError: a mistake"), ("call", "stumble: KeyError: 'nothing'")],
    ids=["in the generator", "in an operation"],
)
def test_a_driver_that_raises_what_it_should_not_fails_its_action_which_is_taken_back(lab, fails, said):
    service = lab.service(f"[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nfails = {fails}\n")
    with pytest.raises(ActionFailed) as caught:
        lab.do(service, "start")
    assert str(caught.value) == said
    assert lab.seen(service) == {"ip#1": "down", "fs#1": "down"}


def test_a_status_that_raises_is_undef_and_the_others_are_seen(lab):
    service = lab.service("[fs#1]\ntype = probe\nfails = status\n[ip#1]\ntype = probe\n")
    assert lab.seen(service) == {"ip#1": "down", "fs#1": "undef"}
    (text,) = [message.text for one in service.status().local.resources for message in one.messages]
    assert text == "the driver failed: RuntimeError: no idea"


# -- interruption


def test_a_cancelled_start_ends_its_command_and_is_taken_back(lab, cancel):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nhangs = 60\n")
    began = time.monotonic()
    with pytest.raises(ActionInterrupted, match="start was interrupted"):
        lab.do(service, "start", cancel=cancel, sink=lambda event: event.text == "sleep 60" and cancel.set())
    assert time.monotonic() - began < 30
    assert lab.seen(service) == {"ip#1": "down", "fs#1": "down"}
    assert "trying to rollback start on ip#1" in lab.lines()


def test_a_cancelled_start_begins_no_further_step(lab, cancel):
    service = lab.service(THREE)
    with pytest.raises(ActionInterrupted):
        lab.do(service, "start", cancel=cancel, watch=lambda _noted, is_done: is_done and cancel.set())
    assert "up fs#1" not in lab.lines()
    assert set(lab.seen(service).values()) == {"down"}


def test_what_is_interrupted_after_its_effect_is_taken_back(lab, cancel):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nlingers = 60\n")
    with pytest.raises(ActionInterrupted):
        lab.do(service, "start", cancel=cancel, sink=lambda event: event.text == "it is up" and cancel.set())
    assert lab.seen(service) == {"ip#1": "down", "fs#1": "down"}
    assert "trying to rollback start on ip#1, fs#1" in lab.lines()


@pytest.mark.parametrize("is_done", [False, True], ids=["before its effect", "when it is done"])
def test_what_is_interrupted_at_its_ends_is_taken_back(lab, is_done):
    def interrupt(noted, seen_done):
        if noted.text == "up fs#1" and seen_done is is_done:
            raise KeyboardInterrupt

    service = lab.service(THREE)
    with pytest.raises(ActionInterrupted):
        lab.do(service, "start", watch=interrupt)
    assert set(lab.seen(service).values()) == {"down"}


def test_what_was_interrupted_and_can_not_be_undone_may_not_have_been_done(lab, cancel):
    service = lab.service("[fs#1]\ntype = probe\nlingers = 60\nfails = undo\n")
    with pytest.raises(ActionInterrupted):
        lab.do(service, "start", cancel=cancel, sink=lambda event: event.text == "it is up" and cancel.set())
    assert "rollback: it can't be undone; what was interrupted may not have been done" in lab.lines("fs#1")


def test_a_parallel_subset_that_is_interrupted_is_an_interrupted_action(lab, cancel):
    text = "[subset#app:web]\nparallel = true\n" + "".join(f"[app#{n}]\ntype = probe\nsubset = web\nhangs = 60\n" for n in (1, 2))
    with pytest.raises(ActionInterrupted):
        lab.do(lab.service(text), "start", cancel=cancel, sink=lambda event: event.text == "sleep 60" and cancel.set())


def test_a_plan_that_is_run_tells_each_event_as_it_happens(lab):
    service = lab.service(THREE)
    events = service.run(service.plan("start"))
    texts = [event.text for event in events if event.level.value != "DEBUG"]
    assert texts == ["up ip#1", "up fs#1", "up app#1"]


def test_a_plan_that_is_run_ends_with_what_went_wrong(lab):
    service = lab.service(THREE + "fails = start\n")
    seen = []
    with pytest.raises(ActionFailed, match="app#1 fails"):
        seen.extend(service.run(service.plan("start")))
    assert "trying to rollback start on ip#1, fs#1" in [event.text for event in seen]


def test_who_stops_reading_the_events_interrupts_the_action(lab):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nhangs = 60\n")
    events = service.run(service.plan("start"))
    for event in events:
        if event.text == "sleep 60":
            break
    events.close()
    assert lab.seen(service) == {"ip#1": "down", "fs#1": "down"}


# -- the lock


def test_a_second_action_waits_for_the_first_and_says_who_it_is(lab, elsewhere):
    service = lab.service(THREE)
    with elsewhere(lambda wait: service.perform(Request("start"), lambda _event: None, watch=once(wait))):
        with pytest.raises(LockTimeout, match="'start' by pid"):
            lab.do(service, "stop", wait_lock=0.1)
        assert {one.rid for one in service.status().local.resources if one.is_running} == {"ip#1", "fs#1", "app#1"}
    assert set(lab.seen(service).values()) == {"up"}
    assert not any(one.is_running for one in service.status().local.resources)


def test_the_file_says_how_long_to_wait(lab, elsewhere):
    service = lab.service("[DEFAULT]\nlock_timeout = 0\n" + THREE)
    with elsewhere(lambda wait: service.perform(Request("start"), lambda _event: None, watch=once(wait))), pytest.raises(LockTimeout):
        lab.do(service, "stop")


def test_who_waits_for_the_lock_can_be_interrupted(lab, elsewhere, cancel):
    service = lab.service(THREE)
    cancel.set()
    with elsewhere(lambda wait: service.perform(Request("start"), lambda _event: None, watch=once(wait))):
        began = time.monotonic()
        with pytest.raises(ActionInterrupted, match="stop was interrupted; nothing was done"):
            lab.do(service, "stop", cancel=cancel, wait_lock=30)
        assert time.monotonic() - began < 30


def test_status_and_plan_never_wait_for_the_lock(lab, elsewhere):
    service = lab.service(THREE)
    with elsewhere(lambda wait: service.perform(Request("start"), lambda _event: None, watch=once(wait))):
        assert lab.seen(service)["ip#1"] == "down"
        assert len(service.plan("start").operations) == 3


def test_what_was_edited_while_an_action_waited_is_what_it_acts_on(lab, elsewhere):
    service = lab.service(THREE)

    def edit(wait):
        lock = InstanceLock(service.state.lock_file)
        lock.acquire("edit", wait=1)
        wait()
        service.change(lambda document: document.set("app#1", "disable", "true"))
        lock.release()

    done = []
    with elsewhere(edit):
        worker = threading.Thread(target=lambda: done.extend(lab.do(service, "start", wait_lock=60)))
        worker.start()
    worker.join()
    assert done == ["up ip#1", "up fs#1"]


def once(wait):
    calls = []

    def watch(noted, is_done):
        if not calls:
            calls.append(noted)
            wait()

    return watch
