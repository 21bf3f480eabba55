"""The table of transitions: each row has a test."""

from dataclasses import replace

import pytest
from opensvc_openha.liveness import Liveness
from opensvc_openha.machine import AGAIN, CERTAIN, GRACE, PATIENCE, Progress, Stage, View, Work, step
from opensvc_openha.options import Split
from opensvc_openha.states import State, recovered

STOPPED, READY, UNKNOWN, FROZEN = State.STOPPED, State.START_READY, State.UNKNOWN, State.FROZEN_STOP
UP, DOWN, BLIND = Liveness.UP, Liveness.DOWN, Liveness.BLIND
PRIMARY = View(STOPPED, STOPPED, True, UP)
SECONDARY = replace(PRIMARY, is_primary=False)
roles = pytest.mark.parametrize("view", [pytest.param(PRIMARY, id="primary"), pytest.param(SECONDARY, id="secondary")])


def begun(view, now=100.0):
    """A start that was begun, and the view of the next pass."""
    progress, orders = step(Progress(), view, now)
    assert [order.state for order in orders] == [READY]
    return progress, replace(view, own=READY, round=view.round + 1)


def states(orders):
    return [order.state for order in orders if order.state is not None]


def works(orders):
    return [order.work for order in orders if order.work]


@roles
@pytest.mark.parametrize("own", [STOPPED, UNKNOWN])
@pytest.mark.parametrize("peer", [STOPPED, FROZEN, UNKNOWN])
def test_a_service_at_rest_on_both_nodes_becomes_ready(view, own, peer):
    progress, orders = step(Progress(), replace(view, own=own, peer=peer), 7.0)
    assert (progress.stage, states(orders)) == (Stage.GRACE, [READY])
    assert orders[0].text == f"Ready to start {{service}}: partner node is {peer} , we are {own}"


@roles
@pytest.mark.parametrize("own", [*(state for state in State if state not in (STOPPED, UNKNOWN)), None])
@pytest.mark.parametrize("peer", [STOPPED, FROZEN, UNKNOWN])
def test_in_any_other_state_nothing_is_begun(view, own, peer):
    assert step(Progress(), replace(view, own=own, peer=peer), 7.0) == (Progress(), ())


@roles
@pytest.mark.parametrize("peer", [*(state for state in State if state not in (STOPPED, FROZEN, UNKNOWN)), None])
def test_a_peer_that_is_not_at_rest_blocks(view, peer):
    assert step(Progress(), replace(view, peer=peer), 7.0) == (Progress(), ())


@roles
def test_who_hears_nothing_begins_nothing(view):
    assert step(Progress(), replace(view, peer=UNKNOWN, link=BLIND), 7.0) == (Progress(), ())


@roles
def test_nothing_happens_before_the_grace_period_is_over(view):
    progress, view = begun(view)
    assert step(progress, view, 100 + GRACE - 0.01) == (progress, ())


@roles
@pytest.mark.parametrize(("peer", "link"), [(STOPPED, UP), (FROZEN, UP), (UNKNOWN, DOWN)])
def test_after_the_grace_period_it_is_checked_started_and_recorded(view, peer, link):
    progress, view = begun(replace(view, peer=peer, link=link))
    progress, orders = step(progress, view, 100 + GRACE)
    assert (progress.stage, states(orders), works(orders)) == (Stage.CHECKING, [State.STARTING], [Work.CHECK])
    view = replace(view, own=State.STARTING)
    assert step(progress, view, 999.0) == (progress, ())
    progress, orders = step(progress, view, 106.0, done=True)
    assert (progress.stage, states(orders), works(orders)) == (Stage.STARTING, [], [Work.START])
    assert step(progress, view, 9999.0) == (progress, ()), "a script that hangs is waited for"
    progress, orders = step(progress, view, 110.0, done=True)
    assert (progress, states(orders)) == (Progress(), [State.STARTED])
    assert orders[0].text == "Service {service} successfully started"


def at(stage):
    return Progress(stage, 100.0, STOPPED)


@pytest.mark.parametrize(
    ("stage", "own", "left", "text"),
    [
        (Stage.CHECKING, State.STARTING, State.START_FAILED, "check script failed. State is now START_FAILED"),
        (Stage.STARTING, State.STARTING, State.START_FAILED, "State is now start-failed"),
        (Stage.STOPPING, State.STOPPING, State.STOP_FAILED, "failed to stop"),
    ],
)
def test_what_fails_leaves_its_state(stage, own, left, text):
    progress, orders = step(at(stage), replace(PRIMARY, own=own), 101.0, done=False)
    assert (progress, states(orders)) == (Progress(), [left])
    assert orders[0].is_grave
    assert text in orders[0].text


@pytest.mark.parametrize("peer", [State.STARTING, State.STARTED, State.START_FAILED, State.STOP_FAILED, State.STOPPING, None])
@roles
def test_a_peer_that_comes_first_is_given_way(view, peer):
    progress, view = begun(view)
    progress, orders = step(progress, replace(view, peer=peer), 100 + GRACE)
    assert (progress.stage, states(orders)) == (Stage.IDLE, [STOPPED])
    assert f"has changed on partner node from STOPPED to {peer} during the grace period" in orders[0].text


def test_any_change_on_the_peer_makes_the_secondary_give_way():
    progress, view = begun(SECONDARY)
    assert states(step(progress, replace(view, peer=FROZEN), 100 + GRACE).orders) == [STOPPED]


def test_the_primary_goes_on_when_the_peer_is_at_rest_in_another_way():
    progress, view = begun(PRIMARY)
    assert states(step(progress, replace(view, peer=FROZEN), 100 + GRACE).orders) == [State.STARTING]
    assert states(step(progress, replace(view, peer=UNKNOWN, link=DOWN), 100 + GRACE).orders) == [State.STARTING]


def test_both_ready_the_secondary_gives_way_and_the_primary_waits_for_it():
    progress, view = begun(SECONDARY)
    ready = replace(view, peer=READY)
    assert step(progress, ready, 100 + GRACE - 0.1) == (progress, ()), "as the C implementation: at the end"
    assert states(step(progress, ready, 100 + GRACE).orders) == [STOPPED]
    progress, view = begun(PRIMARY)
    ready = replace(view, peer=READY)
    assert step(progress, ready, 100 + GRACE + PATIENCE - 0.1) == (progress, ())
    assert states(step(progress, replace(view, peer=STOPPED), 100 + GRACE + 1).orders) == [State.STARTING]
    assert states(step(progress, replace(view, peer=State.STARTING), 100 + GRACE + 1).orders) == [STOPPED]
    assert states(step(progress, ready, 100 + GRACE + PATIENCE).orders) == [STOPPED], "frozen there: nobody starts"


@pytest.mark.parametrize(
    ("ran_here", "peer_ran_here", "is_primary", "goes_on"),
    [
        (True, False, False, True),
        (False, True, True, False),
        (False, False, True, True),
        (False, False, False, False),
        (True, True, True, True),
        (True, True, False, False),
    ],
)
def test_both_ready_the_node_that_had_it_last_goes_on(ran_here, peer_ran_here, is_primary, goes_on):
    start = replace(PRIMARY, is_primary=is_primary, answered=0, ran_here=ran_here, peer_ran_here=peer_ran_here)
    progress, view = begun(start)
    assert states(step(progress, replace(view, peer=READY), 101.0).orders) == ([] if goes_on else [STOPPED])
    if goes_on:
        assert states(step(progress, replace(view, answered=view.round), 100 + GRACE).orders) == [State.STARTING]


def test_towards_a_c_implementation_the_primary_goes_on_whoever_had_it_last():
    progress, view = begun(replace(SECONDARY, ran_here=True))
    assert states(step(progress, replace(view, peer=READY), 100 + GRACE).orders) == [STOPPED]


def test_who_gave_way_leaves_the_peer_some_time():
    progress, view = begun(SECONDARY)
    progress, _ = step(progress, replace(view, peer=READY), 105.0)
    assert step(progress, SECONDARY, 106.0) == (progress, ())
    assert states(step(progress, SECONDARY, 107.0).orders) == [READY]


@roles
def test_a_peer_of_ours_has_to_answer(view):
    progress, view = begun(replace(view, answered=0, round=41))
    assert step(progress, replace(view, answered=41), 100 + GRACE) == (progress, ())
    assert states(step(progress, replace(view, answered=42), 100 + GRACE).orders) == [State.STARTING]
    assert states(step(progress, replace(view, answered=41), 100 + GRACE + PATIENCE).orders) == [STOPPED]


@roles
def test_with_the_guard_a_c_implementation_has_to_be_heard(view):
    progress, view = begun(replace(view, is_guarded=True, heard=10))
    assert step(progress, replace(view, heard=12), 100 + GRACE) == (progress, ())
    assert states(step(progress, replace(view, heard=13), 100 + GRACE).orders) == [State.STARTING]


def test_the_secondary_on_a_disk_alone_waits_until_a_c_implementation_must_have_shown_itself():
    progress, view = begun(replace(SECONDARY, slow=10.0))
    assert step(progress, view, 111.9) == (progress, ())
    assert states(step(progress, view, 112.0).orders) == [State.STARTING]
    takeover = replace(SECONDARY, slow=10.0, peer=UNKNOWN, link=DOWN)
    progress, view = begun(takeover)
    assert states(step(progress, view, 105.0).orders) == [State.STARTING]


def fencing():
    progress, view = begun(replace(SECONDARY, peer=UNKNOWN, link=DOWN, is_guarded=True))
    progress, orders = step(progress, view, 100 + GRACE)
    assert (progress.stage, states(orders), works(orders)) == (Stage.FENCING, [], [Work.FENCE])
    assert step(progress, view, 999.0) == (progress, ())
    return progress, view


def test_with_the_guard_a_silent_peer_is_fenced_before_the_start():
    progress, view = fencing()
    progress, orders = step(progress, view, 110.0, done=True)
    assert (states(orders), works(orders)) == ([State.STARTING], [Work.CHECK])


@pytest.mark.parametrize(("link", "expected"), [(DOWN, True), (BLIND, True), (UP, False)])
def test_who_is_started_after_a_fence_is_told_that_the_peer_is_dead(link, expected):
    """Unless it is heard again meanwhile: then it may hold what the service needs."""
    progress, view = fencing()
    progress, _ = step(progress, view, 110.0, done=True)
    view = replace(view, own=State.STARTING, link=link, peer=STOPPED if link is UP else UNKNOWN)
    (order,) = step(progress, view, 111.0, done=True).orders
    assert (order.work, order.is_confirmed) == (Work.START, expected)


def test_who_was_heard_after_the_fence_is_not_told_to_be_dead_also_where_it_is_silent_again():
    progress, view = fencing()
    progress, _ = step(progress, view, 110.0, done=True)
    view = replace(view, own=State.STARTING)
    progress, _ = step(progress, replace(view, link=UP, peer=STOPPED), 111.0)
    (order,) = step(progress, view, 150.0, done=True).orders
    assert (order.work, order.is_confirmed) == (Work.START, False)


def test_without_a_fence_nobody_is_told_so():
    progress, view = begun(replace(SECONDARY, peer=UNKNOWN, link=DOWN))
    progress, _ = step(progress, view, 100 + GRACE)
    (order,) = step(progress, replace(view, own=State.STARTING), 111.0, done=True).orders
    assert (order.work, order.is_confirmed) == (Work.START, False)


def test_without_a_confirmed_fence_nothing_is_started():
    progress, view = fencing()
    progress, orders = step(progress, view, 110.0, done=False)
    assert states(orders) == [STOPPED]
    assert "fence failed" in orders[0].text
    again = replace(view, own=STOPPED)
    assert step(progress, again, 110 + AGAIN - 0.1) == (progress, ())
    assert states(step(progress, again, 110 + AGAIN).orders) == [READY]


def test_a_peer_that_is_heard_after_its_fence_is_given_way():
    progress, view = fencing()
    assert states(step(progress, replace(view, peer=STOPPED, link=UP), 110.0, done=True).orders) == [STOPPED]


def test_listeners_that_die_in_the_grace_period_end_the_start():
    progress, view = begun(PRIMARY)
    assert states(step(progress, replace(view, peer=UNKNOWN, link=BLIND), 100 + GRACE).orders) == [STOPPED]


@pytest.mark.parametrize("own", [STOPPED, FROZEN, State.STARTED])
def test_a_state_that_was_forced_meanwhile_ends_the_start(own):
    progress, view = begun(PRIMARY)
    progress, orders = step(progress, replace(view, own=own), 103.0)
    assert (progress, states(orders)) == (Progress(), [])
    progress, view = fencing()
    progress, orders = step(progress, replace(view, own=own), 110.0, done=True)
    assert (progress, states(orders)) == (Progress(), [])


CHECKING = replace(PRIMARY, own=State.STARTING, peer=UNKNOWN, link=DOWN)


@pytest.mark.parametrize("own", [STOPPED, FROZEN, State.STARTED])
@pytest.mark.parametrize("done", [True, False])
def test_a_state_that_was_forced_during_the_check_is_kept_and_nothing_started(own, done):
    progress, orders = step(at(Stage.CHECKING), replace(CHECKING, own=own), 110.0, done=done)
    assert (progress, states(orders), works(orders)) == (Progress(), [], [])


@roles
@pytest.mark.parametrize("peer", [State.STARTING, State.STARTED])
@pytest.mark.parametrize("done", [True, False])
def test_a_peer_that_is_heard_again_during_the_check_keeps_what_it_has(view, peer, done):
    seen = replace(CHECKING, is_primary=view.is_primary, peer=peer, link=UP)
    progress, orders = step(at(Stage.CHECKING), seen, 110.0, done=done)
    assert (progress.stage, states(orders), works(orders)) == (Stage.IDLE, [STOPPED], [])


def both(view, **more):
    return replace(view, own=State.STARTED, peer=State.STARTED, **more)


def test_a_service_on_both_nodes_is_stopped_on_the_secondary():
    progress, orders = step(Progress(), both(SECONDARY), 100.0)
    assert orders[0].is_grave
    assert states(orders) == []
    progress, orders = step(progress, both(SECONDARY), 100 + CERTAIN - 0.1)
    assert orders == ()
    progress, orders = step(progress, both(SECONDARY), 100 + CERTAIN)
    assert (states(orders), works(orders)) == ([State.STOPPING], [Work.STOP])
    progress, orders = step(progress, replace(SECONDARY, own=State.STOPPING), 105.0, done=True)
    assert (progress, states(orders)) == (Progress(), [STOPPED])


@pytest.mark.parametrize("view", [both(PRIMARY), both(SECONDARY, split=Split.KEEP)])
def test_the_primary_keeps_it_and_so_does_who_was_told_to(view):
    progress, _ = step(Progress(), view, 100.0)
    assert step(progress, view, 200.0) == (progress, ())


def test_the_time_on_both_nodes_has_to_be_one():
    progress, _ = step(Progress(), both(SECONDARY), 100.0)
    progress, _ = step(progress, both(SECONDARY, link=DOWN), 101.0)
    assert step(progress, both(SECONDARY), 110.0).orders[0].is_grave


@pytest.mark.parametrize(
    ("own", "is_grace", "left"),
    [
        (READY, True, STOPPED),
        (READY, False, None),
        (State.STARTING, False, State.START_FAILED),
        (State.STOPPING, False, State.STOP_FAILED),
        *((state, True, None) for state in State if state not in (READY, State.STARTING, State.STOPPING)),
        (None, True, None),
    ],
)
def test_what_a_dead_manager_left_is_set_right(own, is_grace, left):
    assert recovered(own, is_grace=is_grace) is left
