"""Votes: which part of a cluster goes on."""

import pytest
from opensvc_daemon.orchestration.quorum import votes
from opensvc_daemon.orchestration.view import Arbitrator, NodeView, Reach, View


def _view(nodes, arbitrators, live, answering):
    """A cluster of so many nodes, of which `live` are with node n1, itself counted."""
    members = {f"n{i}": NodeView(f"n{i}", Reach.BEATING if i <= live else Reach.SILENT) for i in range(1, nodes + 1)}
    return View("n1", members, arbitrators=tuple(Arbitrator(f"a{i}", is_answering=i <= answering) for i in range(1, arbitrators + 1)))


# nodes, arbitrators, live nodes, votes of arbitrators: does this part leave the game?
VECTORS = [
    (2, 0, 2, 0, False),
    (2, 0, 1, 0, True),
    (2, 1, 1, 1, False),
    (2, 1, 1, 0, True),
    (3, 1, 2, 1, False),
    (3, 1, 3, 0, False),
    (3, 1, 1, 1, True),
    (3, 2, 2, 1, False),
    (3, 2, 2, 0, True),
    (3, 2, 1, 2, False),
    (3, 2, 1, 1, True),
    (3, 2, 1, 0, True),
]


@pytest.mark.parametrize(("nodes", "arbitrators", "live", "answering", "leaves"), VECTORS)
def test_a_part_goes_on_with_more_than_half_of_all_votes(nodes, arbitrators, live, answering, leaves):
    assert votes(_view(nodes, arbitrators, live, answering)).is_majority is not leaves


def test_half_is_no_majority_but_nobody_else_has_one():
    found = votes(_view(2, 0, 1, 0))
    assert found.is_half
    assert not found.is_majority


@pytest.mark.parametrize("total", range(1, 7))
def test_never_have_two_parts_of_a_cluster_a_majority(total):
    for live in range(1, total):
        one, other = votes(_view(total, 0, live, 0)), votes(_view(total, 0, total - live, 0))
        assert not (one.is_majority and other.is_majority)
        assert one.is_half or other.is_majority


def test_weights_are_counted():
    nodes = {"n1": NodeView("n1", weight=3), "n2": NodeView("n2", Reach.SILENT), "n3": NodeView("n3", Reach.SILENT)}
    assert votes(View("n1", nodes)) == (3, 5)


def test_a_node_that_is_gone_is_not_counted():
    nodes = {"n1": NodeView("n1"), "n2": NodeView("n2", Reach.GONE)}
    assert votes(View("n1", nodes)) == (1, 1)


def test_a_node_counts_itself_once_whatever_it_hears_of_itself():
    assert votes(View("n1", {"n1": NodeView("n1", Reach.SILENT)})) == (1, 1)
