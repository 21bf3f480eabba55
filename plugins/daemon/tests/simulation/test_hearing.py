"""Hearing: in plain values, and by the heartbeat's own code, sealed or not."""

import pytest
from opensvc_daemon.orchestration.view import Reach
from opensvc_daemon.simulation.faults import story_of
from opensvc_daemon.simulation.run import Telling, simulate

KINDS = pytest.mark.parametrize("hearing", ["plain", "rooms", "sealed"])


def by(story, hearing):
    return story._replace(setup=story.setup._replace(hearing=hearing))


def world(told, hearing, moment, *events):
    telling = Telling(by(told.story(*events, guard="none"), hearing))
    telling.world.run(moment)
    return telling.world


def reach(world, node, peer):
    return world.machines[node].monitor.hearing.ears[peer].reach


@KINDS
def test_nodes_hear_each_other_and_know_what_the_other_has_of_them(told, hearing):
    there = world(told, hearing, 20.0)
    assert reach(there, "n1", "n2") is reach(there, "n2", "n1") is Reach.BEATING
    first, second = there.machines["n1"].monitor, there.machines["n2"].monitor
    assert first.hearing.ears["n2"].merged == first.generation
    assert first.data_of["n2"] is second.data()


@KINDS
def test_half_a_link_is_no_link(told, hearing):
    there = world(told, hearing, 40.0, "20 cut n1 n2")
    assert reach(there, "n2", "n1") is Reach.SILENT
    # alive, and deaf
    assert reach(there, "n1", "n2") is Reach.HEARD


@KINDS
def test_a_peer_falls_silent_within_the_timeout_and_not_much_sooner(told, hearing):
    there = world(told, hearing, 22.5, "20 crash n1")
    assert reach(there, "n2", "n1") is Reach.BEATING
    there.run(25.1)
    assert reach(there, "n2", "n1") is Reach.SILENT


@KINDS
def test_who_was_never_heard_is_unseen(told, hearing):
    there = world(told, hearing, 20.0, "0 crash n2")
    assert reach(there, "n1", "n2") is Reach.UNSEEN


@KINDS
def test_who_wakes_up_listens_before_it_calls_anybody_silent(told, hearing):
    there = world(told, hearing, 33.0, "20 pause n2 12", "25 cut n1 n2", "25 cut n2 n1")
    assert reach(there, "n2", "n1") is Reach.BEATING
    there.run(38.0)
    assert reach(there, "n2", "n1") is Reach.SILENT


@KINDS
def test_a_new_life_of_a_peer_is_heard(told, hearing):
    there = world(told, hearing, 40.0, "20 crash n2", "26 boot n2")
    assert reach(there, "n1", "n2") is Reach.BEATING
    assert there.machines["n1"].monitor.data_of["n2"].incarnation == there.machines["n2"].monitor.incarnation


@KINDS
def test_bad_weather_mixes_nothing_up(told, hearing):
    weather = ("20 loss n1 n2 0.2", "20 double n2 n1 0.9", "20 delay n2 n1 0.2 1", "30 request n1 svc1 switch n2")
    there = world(told, hearing, 80.0, *weather, "70 heal")
    assert there.machines["n1"].monitor.data_of["n2"] is there.machines["n2"].monitor.data()
    assert there.history.active("svc1") == ["n2"]


@pytest.mark.parametrize("hearing", ["plain", "rooms"])
@pytest.mark.parametrize("seed", range(8))
def test_leaps_over_quiet_time_change_nothing(seed, hearing):
    with_leaps, without = (simulate(by(story_of(seed), hearing), leaps=leaps) for leaps in (True, False))
    assert list(map(str, with_leaps.lines)) == list(map(str, without.lines))
    assert with_leaps.steps < without.steps or story_of(seed).calm < 60


def test_the_same_seed_is_the_same_story(told):
    first, second = simulate(5), simulate(5)
    assert list(map(str, first.lines)) == list(map(str, second.lines))
