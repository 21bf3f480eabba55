"""Machines: power, pauses, daemons, actions and reservations, as stories tell them."""

import pytest
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.simulation.runner import Job, Refused
from opensvc_daemon.simulation.storage import Storage


def said(world_or_result, node=""):
    return [str(line.what) for line in world_or_result.lines if not node or line.node == node]


def instance(world, node, service="svc1"):
    return world.machines[node].monitor.instances[service]


def run_action(world, node, action, **given):
    """Run an action until it ends; how it ended."""
    ended = []
    machine = world.machines[node]
    machine.runner.run(Job("svc1", action, lambda is_ok, why: ended.append((is_ok, why)), **given))
    world.agenda.run(world.agenda.now + 100.0, lambda: not ended)
    return ended[0]


def test_a_cluster_comes_up_and_its_service_is_active_once(told):
    world = told.until(20.0)
    assert world.history.active("svc1") == ["n1"]
    assert [machine.monitor.state for machine in world.nodes] == [NodeState.IDLE, NodeState.IDLE]
    assert instance(world, "n1").expects_up
    assert instance(world, "n1").monitor is MonitorState.IDLE


def test_a_crash_ends_everything_at_once(told):
    world = told.until(20.5, "20 crash n1")
    machine = world.machines["n1"]
    assert (machine.is_on, machine.monitor, machine.beat) == (False, None, None)
    assert world.history.all()[0].end == 20.0


def test_a_boot_begins_with_a_new_life_and_nothing_up(told):
    world = told.until(40.0, "20 crash n1", "21 boot n1", guard="none")
    assert world.machines["n1"].monitor.incarnation == 3
    assert world.machines["n1"].boots > 1


def test_what_is_due_on_a_paused_machine_waits_and_its_clock_goes_on(told):
    world = told.until(25.0, "20 pause n2 10")
    machine = world.machines["n2"]
    assert machine.is_paused
    before = machine.monitor.hearing.counter
    world.run(29.9)
    assert machine.monitor.hearing.counter == before
    world.run(31.0)
    assert machine.monitor.hearing.counter > before
    assert machine.now == pytest.approx(31.0)


def test_a_gap_is_noticed_and_dates_what_is_known(told):
    world = told.until(35.0, "20 pause n2 10")
    assert world.machines["n2"].monitor.awake_since == pytest.approx(30.0, abs=0.1)


def test_a_suspended_machine_does_not_notice_as_its_clock_stood_still(told):
    world = told.until(35.0, "20 suspend n2 10", guard="none")
    machine = world.machines["n2"]
    assert machine.now == pytest.approx(25.0)
    assert machine.monitor.awake_since < 5.0


def test_a_hung_monitor_sends_no_beats_and_its_services_stay(told):
    world = told.until(32.0, "20 hang n1 11.9", guard="none")
    assert "n1 is silent" in said(world, "n2")
    assert world.history.active("svc1") == ["n1"]


def test_a_killed_daemon_changes_no_service_and_its_state_survives_on_the_disk(told):
    world = told.until(30.0, "20 daemon-kill n1", "22 daemon-start n1", guard="none")
    assert [one.node for one in world.history.all()] == ["n1"]
    assert instance(world, "n1").expects_up
    assert world.machines["n1"].monitor.state is NodeState.IDLE


def test_a_node_that_is_not_named_any_more_is_remembered_by_who_begins_anew(told):
    """n2 has it up and hangs; the file drops it, and n1 knows of it from its disk alone."""
    events = ("20 request n1 svc1 switch n2", "30 daemon-stop n1", "40 hang n2 200", "50 daemon-start n1", "60 nodes svc1 n1")
    world = told.until(130.0, *events, "100 daemon-kill n1", "102 daemon-start n1", guard="none", more="nodes=n1,n2")
    assert world.history.active("svc1") == ["n2"]
    assert instance(world, "n1").named == ("n1", "n2")
    world.run(400.0)
    assert world.referee.violations == []


def test_a_daemon_that_stops_announces_maintenance(told):
    world = told.until(30.0, "20 daemon-stop n1")
    assert world.machines["n1"].monitor is None
    assert world.machines["n2"].monitor.data_of["n1"].state is NodeState.MAINTENANCE
    assert world.history.active("svc1") == ["n1"]


def test_an_action_outlives_its_daemon_and_the_next_daemon_waits_for_it(told):
    world = told.until(22.0, "5 slow n1 svc1 start 15", "15 daemon-kill n1", "16 daemon-start n1")
    assert world.machines["n1"].monitor.state is NodeState.INIT
    world.run(40.0)
    assert world.history.active("svc1") == ["n1"]
    assert world.machines["n1"].monitor.state is NodeState.IDLE
    assert instance(world, "n1").expects_up


def test_a_farewell_is_known_after_a_shutdown_and_forgotten_with_a_new_life(told):
    world = told.until(40.0, "20 shutdown n1", "60 boot n1")
    assert "n1" in world.machines["n2"].monitor.gone()
    assert world.history.active("svc1") == ["n2"], "no fence was needed"
    assert not any("fence n1" in line for line in said(world))
    world.run(80.0)
    assert "n1" not in world.machines["n2"].monitor.gone()


def test_a_confirmed_fence_has_powered_the_node_off(told):
    world = told.until(60.0, "20 cut n1 n2", "20 cut n2 n1")
    off = [line for line in world.lines if "is off: it is fenced" in str(line.what)]
    assert len(off) == 1
    assert len(world.history.active("svc1")) == 1


def test_a_broken_fence_agent_blocks_the_takeover(told):
    world = told.until(100.0, "15 fence-breaks n1", "20 crash n1")
    assert "fencing n1 failed" in said(world, "n2")
    assert world.history.active("svc1") == []


def test_a_start_that_fails_is_rolled_back(told):
    world = told.until(30.0, "5 fails n1 svc1 start", guard="none")
    assert instance(world, "n1").monitor is MonitorState.START_FAILED
    assert not world.machines["n1"].load_of("svc1").up
    assert world.history.active("svc1") == ["n2"]


def test_a_start_that_fails_halfway_leaves_something_up(told):
    world = told.until(30.0, "5 halfway n1 svc1 start", guard="none")
    assert world.machines["n1"].load_of("svc1").up == {"fs#1"}


def test_a_hanging_action_ends_at_its_limit(told):
    world = told.until(30.0, "5 hangs n1 svc1 start", guard="none")
    assert instance(world, "n1").monitor is MonitorState.STARTING
    world.run(80.0)
    assert instance(world, "n1").monitor is MonitorState.START_FAILED


def test_actions_of_one_service_run_one_after_the_other(told):
    world = told.until(20.0, guard="none")
    runner, order = world.machines["n1"].runner, []
    for action in ("stop", "start", "stop"):
        runner.run(Job("svc1", action, lambda is_ok, why, action=action: order.append((action, world.agenda.now))))
    world.run(30.0)
    assert [action for action, _ in order] == ["stop", "start", "stop"]
    assert order[0][1] < order[1][1] < order[2][1]


def test_a_resource_that_broke_cannot_be_started_before_the_faults_end(told):
    result = told("20 breaks n1 svc1 app#1", more="resource=app#1:monitored:restart=2", calm=100)
    assert "svc1: app#1 stays down: app#1 is broken" in said(result, "n1")


EXCLUSIVE = "resource=fs#1:exclusive"


def test_an_exclusive_resource_refuses_a_second_activation(told):
    world = told.until(20.0, guard="exclusive", more=EXCLUSIVE)
    assert run_action(world, "n2", "start") == (False, "reserved by n1")
    assert world.history.active("svc1") == ["n1"]


def test_an_exclusive_resource_is_taken_from_a_node_that_is_confirmed_down(told):
    world = told.until(20.0, guard="exclusive", more=EXCLUSIVE)
    assert run_action(world, "n2", "start", confirmed_down=("n1",)) == (True, "")
    assert world.history.active("svc1") == ["n2"]
    intervals = world.history.all()
    assert intervals[0].end == intervals[1].start, "not a moment on both"


def test_a_resource_does_not_come_up_again_on_storage_that_was_lost_meanwhile(told):
    world = told.until(20.0, guard="exclusive", more=f"{EXCLUSIVE} resource=app#1")
    ended, (first, second) = [], (world.machines[name] for name in ("n1", "n2"))
    first.deactivate("svc1", "app#1")
    first.runner.run(Job("svc1", "start", lambda is_ok, why: ended.append((is_ok, why)), rids=("app#1",)))
    world.storage.take("svc1", second.name, {first.name})
    world.agenda.run(world.agenda.now + 100.0, lambda: not ended)
    assert ended == [(False, "fs#1 is lost, which app#1 needs")]
    assert "n1" not in world.history.active("svc1")


def test_a_reservation_outlasts_a_crash_and_ends_with_a_release():
    lost = []
    storage = Storage(lambda node, service: lost.append(node))
    storage.take("svc1", "n1", ())
    with pytest.raises(Refused, match="reserved by n1"):
        storage.take("svc1", "n2", ())
    storage.release("svc1", "n2")
    assert storage.holders == {"svc1": "n1"}
    storage.release("svc1", "n1")
    storage.take("svc1", "n2", ())
    assert lost == []


def test_a_wall_clock_jump_changes_nothing(told):
    quiet, jumped = told(), told("20 wall n1 1000000", "30 wall n2 -5000")
    assert [str(one) for one in quiet.history] == [str(one) for one in jumped.history]


def test_a_changed_file_reaches_all_nodes(told):
    world = told.until(30.0, "20 nodes svc1 n2", "20 priority svc1 7", guard="none")
    assert {machine.disk.configs["svc1"].setup.nodes for machine in world.nodes} == {("n2",)}
    assert {machine.disk.configs["svc1"].setup.priority for machine in world.nodes} == {7}


def test_a_request_is_taken_by_one_node_and_known_to_all(told):
    world = told.until(22.0, "20 request n2 svc1 stop")
    assert {instance(world, node).request.id for node in ("n1", "n2")} == {"r1"}
    world.run(30.0)
    assert not any(instance(world, node).request.is_active for node in ("n1", "n2"))
    assert world.history.active("svc1") == []


def test_an_order_given_twice_ends_as_if_given_once(told):
    once, twice = (told(*events) for events in (["20 request n1 svc1 switch n2"], ["20 request n1 svc1 switch n2", "20.5 again n2 svc1"]))
    assert [(one.node, one.service) for one in once.history] == [(one.node, one.service) for one in twice.history]
    assert once.is_ok
    assert twice.is_ok


def test_every_event_can_happen_at_any_moment(told):
    from opensvc_daemon.simulation.events import KINDS

    words = {"NODE": "n1", "DOWN": "n2", "FROM": "n1", "TO": "n2", "SERVICE": "svc1", "RID": "fs#1", "ACTION": "start", "WISH": "stop"}
    words |= {
        "SECONDS": "2",
        "SHARE": "0.2",
        "JITTER": "0.1",
        "NUMBER": "3",
        "NODE...": "n1",
        "[LINK]": "hb#1",
        "[FROM]": "n1",
        "[TO]": "n2",
    }
    words |= {"[TO...]": "n2"}
    for kind, described in KINDS.items():
        event = " ".join([kind, *(words[word] for word in described.usage.split())])
        for moment in ("1.0", "20.0"):
            told.until(25.0, f"{moment} {event}", guard="none")
