"""Placement: who is preferred."""

from itertools import permutations

import pytest
from hypothesis import given
from opensvc_daemon.orchestration.placement import KEYS, ranked
from opensvc_daemon.orchestration.view import InstanceView, NodeView, ServiceView, View
from stage.made import views

NODES = ("a", "b", "c")


def _ranked(placement, *, path="svc", nodes=NODES, candidates=NODES, instances=(), **fields):
    """The order of these candidates; `fields` by node: load=(1, 2, 3)."""
    of_node = {name: {field: values[i] for field, values in fields.items()} for i, name in enumerate(NODES)}
    view = View("a", {name: NodeView(name, **of_node[name]) for name in NODES})
    return "".join(ranked(view, ServiceView(path, nodes, dict(instances), placement=placement), candidates))


def test_nodes_order_is_that_of_the_file():
    assert _ranked("nodes order", nodes=("c", "a", "b")) == "cab"


def test_a_node_that_the_file_does_not_name_comes_last():
    assert _ranked("nodes order", nodes=("c", "b")) == "cba"


def test_load_prefers_the_lowest():
    assert _ranked("load avg", load=(5.0, 0.5, 2.0)) == "bca"


def test_equal_loads_go_by_the_order_of_the_file():
    assert _ranked("load avg", nodes=("c", "b", "a"), load=(1.0, 1.0, 0.5)) == "cba"


def test_score_prefers_the_highest():
    assert _ranked("score", score=(1, 3, 2)) == "bca"


def test_last_start_prefers_where_it_was_started_last():
    assert _ranked("last start", instances={"a": InstanceView(last_start=5.0), "c": InstanceView(last_start=9.0)}) == "cab"


@pytest.mark.parametrize(
    ("path", "order"), [("0web", "abc"), ("1web", "bca"), ("2web", "cab"), ("3web", "abc"), ("web", "abc"), ("ns/svc/4x", "bca")]
)
def test_shift_turns_the_order_by_the_number_of_the_service(path, order):
    assert _ranked("shift", path=path) == order


def test_shift_turns_over_the_candidates_that_are_left():
    assert _ranked("shift", path="1web", candidates=("b", "c")) == "cb"


def test_spread_differs_from_service_to_service():
    orders = {_ranked("spread", path=f"svc{i}") for i in range(100)}
    assert orders == {"".join(order) for order in permutations(NODES)}


def test_spread_loads_each_node_about_equally():
    first = [_ranked("spread", path=f"svc{i}")[0] for i in range(300)]
    assert all(70 <= first.count(node) <= 130 for node in NODES)


def test_spread_stays_when_another_node_leaves():
    for i in range(50):
        whole = _ranked("spread", path=f"svc{i}")
        assert _ranked("spread", path=f"svc{i}", candidates=tuple(whole[1:])) == whole[1:]


@given(views)
def test_the_order_does_not_depend_on_who_looks_or_how_nodes_are_listed(view):
    names = list(view.nodes)
    for service in view.services.values():
        assert list(ranked(view, service, names)) == list(ranked(view._replace(me=names[-1]), service, reversed(names)))


def test_every_placement_of_the_table_orders_all_nodes():
    for placement in KEYS:
        assert sorted(_ranked(placement)) == ["a", "b", "c"]
