"""The search finds the shortest way to what is wrong, and tells it."""

import io

from opensvc_daemon.exploration.__main__ import main
from opensvc_daemon.exploration.model import Model
from opensvc_daemon.exploration.search import Search, explore
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.orders import Decision, Do, Order
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.view import Guard


def start_always(view, now):
    """Whoever has it down starts it."""
    instance = view.services["svc"].instances[view.me]
    if instance.is_active or not instance.monitor.is_open or view.self.state.value != "idle":
        return decide(view, now)
    return Decision((Order(Do.ACT, "svc", action="start", reasons=(Reason("service.wanted"),)),))


def test_a_reckless_decision_is_told_as_a_short_list_of_events():
    found = explore(Model("reckless", guard=Guard.NONE, budget={"silence": 1}), start_always).found
    events = [line for line in found.way if not line.startswith(" ")]
    assert any(complaint.startswith("6: 'no node that is heard has it up'") for complaint in found.complaints)
    assert len(events) <= 2


def test_the_way_tells_what_each_node_knew():
    search = Search(Model("cut", budget={"silence": 1}))
    search.run()
    told = list(search.way(len(search.worlds) - 1))
    assert told[:2] == ["    A: UP, idle, idle, B beating (down idle idle)", "    B: down, idle, idle, A beating (up idle idle)"]
    assert any("falls silent" in line for line in told)


def test_a_search_ends_at_its_limit_and_says_so():
    result = explore(Model("limit", budget={"crash": 1, "boot": 1, "silence": 1}, limit=50))
    assert not result.is_complete
    assert 50 <= result.states < 100
    assert "the nearest" in str(result)


def test_a_search_goes_no_deeper_than_it_is_told():
    assert explore(Model("depth", budget={"crash": 1, "boot": 1}, depth=3)).depth == 3


def test_equal_states_are_visited_once():
    search = Search(Model("twice", budget={"silence": 2}))
    search.run()
    assert len(search.worlds) == len(set(search.worlds))


def test_another_run_visits_the_same_states():
    model = Model("again", budget={"crash": 1, "silence": 1})
    first, second = explore(model), explore(model)
    assert (first.states, first.moves, first.depth) == (second.states, second.moves, second.depth)


def test_a_long_run_goes_on_with_the_model_that_comes_next():
    whole, rest = io.StringIO(), io.StringIO()
    assert main(["best", "--jobs", "2"], whole) == 0
    lines = whole.getvalue().splitlines()
    assert [line.partition(":")[0] for line in lines[:-1]] == [f"{number} of {len(lines) - 1}" for number in range(1, len(lines))]
    assert main(["best", "--jobs", "1", "--from", str(len(lines) - 1)], rest) == 0
    last, total = rest.getvalue().splitlines()
    assert last.split(" (")[0] == lines[-2].split(" (")[0]
    assert "of 1 models in" in total
