"""Every broken rule is found, and told in few words."""

import pytest
from opensvc_daemon.exploration.search import explore
from opensvc_daemon.orchestration import placement
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.view import NodeView, ServiceView, View

from .mutants import MUTANTS, broken
from .mutants_of_making import MADE

ALL = (*MUTANTS, *MADE)


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_a_broken_rule_is_found(mutant):
    with broken(mutant):
        found = explore(mutant.model._replace(limit=30_000, samples=3)).found
    assert found is not None, f"nobody notices that the decision {mutant.name}"
    assert any(complaint.startswith(mutant.invariant) for complaint in found.complaints), str(found)


@pytest.mark.parametrize("model", {mutant.model.name: mutant.model for mutant in ALL}.values(), ids=lambda model: model.name)
def test_in_the_same_models_nothing_is_found_in_the_right_rules(model):
    assert explore(model._replace(limit=2_000, samples=3)).found is None


def test_there_are_enough_mutants():
    assert len({mutant.name for mutant in ALL}) == len(ALL) >= 40


# Placement is chosen among nodes that all know the same: a property tells more of it than a state.

NODES = {name: NodeView(name, load=load) for name, load in (("a", 3.0), ("b", 1.0), ("c", 2.0))}


def goes_where_the_load_is_low():
    return ranked(View("a", NODES), ServiceView("svc", tuple(NODES), {}, placement="load avg"), NODES)[0] == "b"


def is_spread():
    services = [ServiceView(f"svc{number}", tuple(NODES), {}, placement="spread") for number in range(20)]
    return {ranked(View("a", NODES), service, NODES)[0] for service in services} == set(NODES)


@pytest.mark.parametrize(
    ("property_of_it", "name", "key"),
    [
        pytest.param(goes_where_the_load_is_low, "load avg", lambda view, _, node: -view.nodes[node].load, id="prefers the highest load"),
        pytest.param(is_spread, "spread", lambda _view, _service, node: float(ord(node[0])), id="spreads alphabetically"),
    ],
)
def test_a_broken_placement_is_found(property_of_it, name, key, monkeypatch):
    assert property_of_it()
    monkeypatch.setattr(placement, "KEYS", {**placement.KEYS, name: key})
    assert not property_of_it()
