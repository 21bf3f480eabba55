"""Actions: order, selection, what is left out, requirements, triggers."""

import threading

import pytest

from opensvc_core.errors import ActionFailed, ActionRefused, UsageError
from opensvc_core.plan.selection import Selection

STACK = "[app#1]\ntype = probe\n[fs#10]\ntype = probe\n[fs#2]\ntype = probe\n[disk#1]\ntype = probe\n[ip#1]\ntype = probe\n"
TWO = "[fs#1]\ntype = probe\n[fs#2]\ntype = probe\n"


def test_start_goes_up_by_group_and_natural_order_and_stop_comes_back(lab):
    service = lab.service(STACK)
    up = lab.do(service, "start")
    assert up == ["up ip#1", "up disk#1", "up fs#2", "up fs#10", "up app#1"]
    assert lab.do(service, "stop") == [text.replace("up", "down") for text in reversed(up)]


def test_restart_is_a_whole_stop_then_a_whole_start(lab):
    service = lab.service(TWO)
    lab.do(service, "start")
    assert lab.do(service, "restart") == ["down fs#2", "down fs#1", "up fs#1", "up fs#2"]


def test_a_plan_is_what_is_done_and_changes_nothing(lab):
    service = lab.service(STACK)
    plan = service.plan("start")
    assert set(lab.seen(service).values()) == {"down"}
    assert [one.text for one in plan.operations] == lab.do(service, "start")
    assert str(plan).splitlines()[0] == "ip#1: up ip#1"


def test_what_is_already_so_is_told_and_no_change(lab):
    service = lab.service(TWO)
    lab.do(service, "start")
    assert lab.do(service, "start") == []
    assert lab.lines() == ["fs#1 is up", "fs#2 is up"]


def test_upto_and_downto_name_the_last_one(lab):
    service = lab.service(STACK)
    assert lab.do(service, "start", Selection(upto="fs")) == ["up ip#1", "up disk#1", "up fs#2", "up fs#10"]
    lab.do(service, "start")
    assert lab.do(service, "stop", Selection(downto="fs#2")) == ["down app#1", "down fs#10", "down fs#2"]


def test_a_selection_by_rid_acts_on_nothing_else(lab):
    service = lab.service(STACK)
    assert lab.do(service, "start", Selection(rids=("fs",))) == ["up fs#2", "up fs#10"]
    with pytest.raises(UsageError, match="no resource matches 'fs#7'"):
        lab.do(service, "start", Selection(rids=("fs#7",)))


# -- in parallel


def test_a_parallel_subset_starts_at_the_same_time(lab, deeds):
    barrier = threading.Barrier(3)
    deeds["meet"] = lambda: barrier.wait(60)
    text = "[subset#app:web]\nparallel = true\n" + "".join(f"[app#{n}]\ntype = probe\nsubset = web\ndoes = meet\n" for n in (1, 2, 3))
    assert sorted(lab.do(lab.service(text), "start"))[-3:] == ["up app#1", "up app#2", "up app#3"]


def test_a_subset_that_is_not_parallel_starts_one_after_the_other(lab):
    text = "".join(f"[app#{n}]\ntype = probe\nsubset = web\n" for n in (2, 1))
    assert lab.do(lab.service(text), "start") == ["up app#1", "up app#2"]


def test_of_a_parallel_subset_the_others_are_taken_back_when_one_fails(lab, deeds):
    barrier = threading.Barrier(2)
    deeds["meet"] = lambda: barrier.wait(60)
    text = "[subset#app:web]\nparallel = true\n" + "".join(
        f"[app#{n}]\ntype = probe\nsubset = web\ndoes = meet\nfails = {fails}\n" for n, fails in ((1, "start"), (2, ""))
    )
    service = lab.service(text)
    with pytest.raises(ActionFailed, match="app#1 fails"):
        lab.do(service, "start")
    assert lab.seen(service) == {"app#1": "down", "app#2": "down"}
    assert "trying to rollback start on app#2" in lab.lines()


def test_all_that_failed_in_a_parallel_subset_are_named(lab):
    text = "[subset#app:web]\nparallel = true\n" + "".join(f"[app#{n}]\ntype = probe\nsubset = web\nfails = start\n" for n in (1, 2))
    with pytest.raises(ActionFailed, match="app#1 fails; app#2 fails"):
        lab.do(lab.service(text), "start")


# -- what is left out


def test_an_optional_resource_that_fails_is_a_warning(lab):
    service = lab.service("[fs#1]\ntype = probe\noptional = true\nfails = start\n[fs#2]\ntype = probe\n")
    assert lab.do(service, "start") == ["fail", "up fs#2"]
    assert "ignore start error on optional resource" in lab.lines("fs#1")


def test_standby_resources_stay_up_at_stop_unless_forced(lab):
    service = lab.service("[fs#1]\ntype = probe\nstandby = true\n[fs#2]\ntype = probe\n")
    lab.do(service, "start")
    assert lab.do(service, "stop") == ["down fs#2"]
    assert lab.lines("fs#1") == ["skip 'stop' on standby resource (--force to override)"]
    assert lab.seen(service) == {"fs#1": "stdby up", "fs#2": "down"}
    assert lab.do(service, "stop", is_forced=True) == ["down fs#1"]


def test_standby_resources_have_a_start_of_their_own_and_go_down_at_shutdown(lab):
    service = lab.service("[fs#1]\ntype = probe\nstandby = true\n[fs#2]\ntype = probe\n")
    assert lab.do(service, "startstandby") == ["up fs#1"]
    assert lab.do(service, "shutdown") == ["down fs#1"]


def test_a_disabled_resource_is_left_alone_and_shown_as_nothing(lab):
    service = lab.service("[fs#1]\ntype = probe\ndisable = true\n[fs#2]\ntype = probe\n")
    assert lab.do(service, "start") == ["up fs#2"]
    assert lab.seen(service) == {"fs#1": "n/a", "fs#2": "up"}


def test_a_disabled_service_refuses(lab):
    service = lab.service("[DEFAULT]\ndisable = true\n" + TWO)
    with pytest.raises(ActionRefused, match="is disabled"):
        lab.do(service, "start")


@pytest.mark.parametrize(
    ("line", "said"),
    [("tags = noaction", "skip: noaction tag"), ("encap = true", "skip: left to the agent in the container")],
    ids=["noaction", "encap"],
)
def test_what_is_not_ours_to_act_on_is_skipped(lab, line, said):
    service = lab.service(f"[fs#1]\ntype = probe\n{line}\n[fs#2]\ntype = probe\n")
    assert lab.do(service, "start") == ["up fs#2"]
    assert lab.lines("fs#1") == [said]


def test_a_driver_that_can_not_be_had_refuses_before_anything_is_done(lab):
    service = lab.write(TWO + "[fs#3]\ntype = nosuch\n")
    with pytest.raises(ActionRefused, match=r"fs#3: no installed plugin provides fs\.nosuch.*nothing was done"):
        lab.do(service, "start")
    assert lab.seen(service) == {"fs#1": "down", "fs#2": "down", "fs#3": "undef"}
    assert lab.do(service, "start", Selection(rids=("fs#1",))) == ["up fs#1"]


def test_an_optional_resource_without_a_driver_is_skipped(lab):
    service = lab.write("[fs#1]\ntype = probe\n[fs#3]\ntype = nosuch\noptional = true\n")
    assert lab.do(service, "start") == ["up fs#1"]
    assert lab.lines("fs#3")[0].startswith("skip optional resource: no installed plugin provides fs.nosuch")


def test_a_service_for_other_nodes_refuses(lab):
    with pytest.raises(ActionRefused, match="is not for this node"):
        lab.do(lab.service("[DEFAULT]\nnodes = n7\n" + TWO), "start")


# -- requirements


def test_a_requirement_that_is_met_lets_it_start(lab):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nstart_requires = ip#1(up)\n")
    assert lab.do(service, "start") == ["up ip#1", "up fs#1"]


def test_a_requirement_that_is_not_met_fails_and_says_what_it_found(lab):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nstart_requires = ip#1(down)\n")
    with pytest.raises(ActionFailed, match="fs#1: requires on resource ip#1 in state down, current state up"):
        lab.do(service, "start")
    assert lab.seen(service) == {"ip#1": "down", "fs#1": "down"}


# -- triggers


def test_triggers_surround_the_action_and_each_resource(lab, script):
    lines = [
        f"{when}_start = {script(f'{who}-{when}')}" for who in ("service",) for when in ("pre", "blocking_pre", "post", "blocking_post")
    ]
    own = [f"{when}_start = {script(f'fs-{when}')}" for when in ("pre", "post")]
    service = lab.service("\n".join(["[DEFAULT]", *lines, "[fs#1]", "type = probe", *own, ""]))
    lab.do(service, "start")
    assert script.said() == ["service-pre", "service-blocking_pre", "fs-pre", "fs-post", "service-post", "service-blocking_post"]


def test_a_failing_trigger_is_a_warning(lab, script):
    service = lab.service(f"[fs#1]\ntype = probe\npre_start = {script('said', code=3)}\n")
    assert lab.do(service, "start")[-1] == "up fs#1"
    assert any(event.level.value == "WARNING" and "exit code 3" in event.text for event in lab.events)


def test_a_failing_blocking_trigger_stops_the_action(lab, script):
    service = lab.service(f"[fs#1]\ntype = probe\nblocking_pre_start = {script('said', code=3)}\n")
    with pytest.raises(ActionFailed, match=r"blocking error: blocking_pre_start: .*exit code 3"):
        lab.do(service, "start")
    assert lab.seen(service) == {"fs#1": "down"}


def test_a_failing_blocking_trigger_after_the_step_takes_it_back(lab, script):
    service = lab.service(f"[fs#1]\ntype = probe\nblocking_post_start = {script('said', code=3)}\n")
    with pytest.raises(ActionFailed, match="blocking error"):
        lab.do(service, "start")
    assert lab.seen(service) == {"fs#1": "down"} and "trying to rollback start on fs#1" in lab.lines()


def test_triggers_of_the_service_are_left_out_when_a_part_is_selected(lab, script):
    service = lab.service(f"[DEFAULT]\npre_start = {script('service')}\n[fs#1]\ntype = probe\npre_start = {script('fs')}\n")
    lab.do(service, "start", Selection(rids=("fs#1",)))
    assert script.said() == ["fs"]


# -- provisioning and tasks


def test_provision_makes_what_is_missing_then_starts_it(lab):
    service = lab.service("[fs#1]\ntype = made\n[fs#2]\ntype = probe\n")
    assert lab.do(service, "provision") == ["make fs#1", "up fs#1", "up fs#2"]
    lab.do(service, "stop")
    assert lab.do(service, "provision") == ["up fs#1", "up fs#2"]
    assert lab.do(service, "unprovision") == ["down fs#2", "down fs#1", "unmake fs#1"]
    assert lab.do(service, "provision")[0] == "make fs#1"


def test_what_the_administrator_records_as_provisioned_is_not_made(lab):
    service = lab.service("[fs#1]\ntype = made\n")
    service.set_provisioned(value=True)
    assert lab.do(service, "provision") == ["up fs#1"]
    lab.do(service, "stop")
    service.set_provisioned(value=False, selection=Selection(rids=("fs#1",)))
    assert lab.do(service, "provision") == ["make fs#1", "up fs#1"]


def test_resources_say_whether_they_take_part_in_provisioning(lab):
    service = lab.service("[fs#1]\ntype = made\nprovision = false\nunprovision = false\n")
    assert lab.do(service, "provision") == ["up fs#1"]
    assert lab.do(service, "unprovision") == ["down fs#1"]


def test_tasks_are_run_and_never_started(lab):
    service = lab.service("[fs#1]\ntype = probe\n[task#1]\ntype = probe\n")
    assert lab.do(service, "start") == ["up fs#1"]
    assert lab.do(service, "run") == ["run task#1"]


def test_a_task_that_fails_fails_its_run_unless_the_file_calls_it_optional(lab):
    lenient = lab.service("[task#1]\ntype = probe\nfails = start\noptional = true\n")
    lab.do(lenient, "run")
    for name, more in (("svc2", ""), ("svc3", "optional = false\n")):
        with pytest.raises(ActionFailed, match="task#1 fails"):
            lab.do(lab.service(f"[task#1]\ntype = probe\nfails = start\n{more}", name=name), "run")
