"""Leases in a simulated cluster: the real rules over virtual messages and clocks."""

import pytest
from opensvc_daemon.orchestration.view import Lease

LEASED = {"guard": "lease"}


def lease(world, node):
    return world.machines[node].beat.lease("svc1")[0]


def test_the_service_runs_with_a_lease_of_the_majority(told):
    world = told.until(40.0, **LEASED)
    assert lease(world, "n1") is Lease.HELD
    assert world.machines["n1"].beat.granter.grants["svc1"].owner.node == "n1"
    assert world.machines["a1"].beat.granter.grants["svc1"].owner.node == "n1"


def test_nobody_grants_before_what_was_forgotten_is_over(told):
    result = told(**LEASED)
    assert result.history[0].start > 10.0


def test_an_isolated_holder_stops_before_another_one_starts(told):
    result = told("40 isolate n1", calm=100, **LEASED)
    first, second = result.history[:2]
    assert (first.node, second.node) == ("n1", "n2")
    assert first.end < second.start
    assert result.is_ok


def test_a_stop_that_hangs_ends_with_the_watchdog(told):
    result = told("35 hangs n1 svc1 stop", "40 isolate n1", calm=100, **LEASED)
    assert any("its watchdog" in str(line.what) for line in result.lines)
    assert result.history[0].end < result.history[1].start


def test_the_death_of_a_daemon_leaves_a_leased_service_alone(told):
    world = told.until(100.0, "40 daemon-kill n1", **LEASED)
    assert world.history.active("svc1") == ["n1"]
    assert lease(world, "n1") is Lease.HELD
    assert len(world.history.all()) == 1


def test_without_its_beat_a_node_with_a_lease_is_ended(told):
    world = told.until(43.0, "40 beat-kill n1", **LEASED)
    assert not world.machines["n1"].is_on


def test_a_pause_with_a_watchdog_ends_the_node(told):
    result = told("40 pause n1 60", calm=110, **LEASED)
    assert any("its watchdog" in str(line.what) for line in result.lines)
    assert not result.exceptions


def test_a_suspended_holder_that_wakes_up_is_the_one_exception(told):
    result = told("40 suspend n1 60", calm=110, **LEASED)
    assert result.is_ok
    assert len(result.exceptions) == 1
    assert "n1 was paused as a whole" in result.exceptions[0]


@pytest.mark.parametrize(
    ("seconds", "isolation"),
    [pytest.param(9.7, "39 isolate n1", id="woken while the other one starts"), pytest.param(5.0, "40 isolate n1", id="woken in time")],
)
def test_it_is_the_same_exception_whichever_of_them_is_active_first(told, seconds, isolation):
    """Woken in time by its own clock, which has missed the pause and counts the lease too long."""
    result = told(isolation, f"40 suspend n1 {seconds}", calm=110, more="starts=2 stops=3", **LEASED)
    assert result.is_ok, result.violations
    assert ["n1 was paused as a whole" in one for one in result.exceptions] == [True]


@pytest.mark.parametrize("kind", ["pause", "suspend"])
def test_a_pause_that_is_over_excuses_nothing(told, kind):
    world = told.until(50.0, f"40 {kind} n1 1", **LEASED)
    world.machines["n2"].activate("svc1", "fs#1")
    assert [one.invariant for one in world.referee.violations] == ["single"]


def test_a_standby_resource_needs_no_lease(told):
    world = told.until(20.0, more="resource=disk#0:standby:restart=2 resource=fs#1", **LEASED)
    assert world.machines["n2"].load_of("svc1").up == {"disk#0"}
    assert world.history.active("svc1") == ["n1"]


@pytest.mark.parametrize("rate", [0.99, 1.01])
def test_clocks_that_drift_at_the_bound_make_no_overlap(told, rate):
    from opensvc_daemon.simulation.run import simulate

    story = told.story("40 isolate n1", calm=100, **LEASED)
    nodes = (story.setup.nodes[0]._replace(rate=rate), story.setup.nodes[1]._replace(rate=2 - rate))
    result = simulate(story._replace(setup=story.setup._replace(nodes=nodes)))
    assert result.history[0].end < result.history[1].start
