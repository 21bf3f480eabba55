"""The tables of states."""

import pytest
from opensvc_daemon.orchestration.states import ACTIONS, FAILED, NODE_TRANSITIONS, OPEN, STATE_OF, TRANSITIONS, MonitorState, NodeState

ACTING = sorted(ACTIONS, key=lambda state: state.value)


def _ways(start, table):
    """All states that can be reached."""
    reached, left = {start}, [start]
    while left:
        for state in table[left.pop()].values():
            if state not in reached:
                reached.add(state)
                left.append(state)
    return reached


@pytest.mark.parametrize("state", ACTING, ids=lambda state: state.value)
def test_every_action_ends_well_or_badly_or_with_its_daemon(state):
    action, failed = ACTIONS[state]
    assert TRANSITIONS[state][f"{action} done"] is MonitorState.IDLE
    assert TRANSITIONS[state][f"{action} fails"] is failed
    assert TRANSITIONS[state]["daemon restarts"] is MonitorState.IDLE


@pytest.mark.parametrize("state", sorted(FAILED, key=lambda state: state.value), ids=lambda state: state.value)
def test_every_failure_has_a_way_out(state):
    assert TRANSITIONS[state]["clear"] is MonitorState.IDLE
    assert TRANSITIONS[state]["stop"] is MonitorState.STOPPING


@pytest.mark.parametrize("state", MonitorState, ids=lambda state: state.value)
def test_every_state_is_of_one_kind(state):
    assert [state.is_acting, state.is_failed, state.is_open].count(True) == 1


@pytest.mark.parametrize("state", MonitorState, ids=lambda state: state.value)
def test_every_state_can_be_reached_and_left(state):
    assert state in _ways(MonitorState.IDLE, TRANSITIONS)
    assert MonitorState.IDLE in _ways(state, TRANSITIONS) - ({state} if state is not MonitorState.IDLE else set())


@pytest.mark.parametrize("state", MonitorState, ids=lambda state: state.value)
def test_no_failure_is_left_but_by_a_person(state):
    if state in FAILED:
        assert "start" not in TRANSITIONS[state]
        assert not {open_.value for open_ in OPEN} & set(TRANSITIONS[state])


def test_while_an_action_runs_no_other_begins():
    for state in ACTING:
        assert not set(STATE_OF) & set(TRANSITIONS[state])


@pytest.mark.parametrize("state", NodeState, ids=lambda state: state.value)
def test_every_node_comes_back_to_idle(state):
    assert NodeState.IDLE in _ways(state, NODE_TRANSITIONS)


def test_a_switch_by_a_monitor_action_ends_as_a_failed_start():
    assert TRANSITIONS[MonitorState.STOPPING]["switch done"] is MonitorState.START_FAILED
