"""Nodes that a service's file does not name any more: for how long they are remembered."""

import pytest
from opensvc_daemon.orchestration.former import named
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView, View

from opensvc_core.api import Status

UP = InstanceView(Status.UP)


def noted(mine=(), nodes=("a",), members=(), instances=None, me="a"):
    """What node a has to note of `svc`, whose file names `nodes`; None: nothing else than it has noted already."""
    found = {me: InstanceView(named=mine), **(instances or {})}
    view = View(me, {one.name: one for one in (NodeView("a"), *members)}, {"svc": ServiceView("svc", nodes, found)})
    return dict(named(view)).get("svc")


def test_the_nodes_of_the_file_are_noted():
    assert noted(nodes=("a", "b")) == ("a", "b")
    assert noted(("a", "b"), nodes=("a", "b")) is None


@pytest.mark.parametrize(
    ("node", "instance", "is_remembered"),
    [
        pytest.param(NodeView("b", Reach.UNSEEN), None, True, id="unseen"),
        pytest.param(NodeView("b", Reach.SILENT), UP, True, id="silent"),
        pytest.param(NodeView("b", Reach.HEARD), None, True, id="deaf: it may not have the file yet"),
        pytest.param(NodeView("b", state=NodeState.INIT), None, True, id="has not looked yet"),
        pytest.param(NodeView("b", is_told=False), None, True, id="has said something that has not arrived"),
        pytest.param(NodeView("b"), UP, True, id="has it"),
        pytest.param(NodeView("b"), None, False, id="says that it has none"),
        pytest.param(NodeView("b", Reach.GONE), UP, False, id="known to be down"),
    ],
)
def test_a_former_node_is_remembered_until_it_is_known_to_have_none(node, instance, is_remembered):
    found = noted(("a", "b"), members=(node,), instances={"b": instance} if instance else {})
    assert found == (None if is_remembered else ("a",))


def test_who_is_no_member_any_more_is_forgotten():
    assert noted(("a", "b")) == ("a",)


def test_a_node_that_says_that_it_has_it_is_noted_though_no_file_ever_named_it():
    assert noted(("a",), members=(NodeView("c"),), instances={"c": UP}) == ("a", "c")


def test_a_node_that_is_named_again_has_its_place_in_the_file():
    assert noted(("a", "b", "c"), nodes=("b", "a"), members=(NodeView("b"), NodeView("c", Reach.UNSEEN))) == ("b", "a", "c")


def test_a_node_without_an_instance_notes_nothing():
    view = View("a", {"a": NodeView("a"), "b": NodeView("b")}, {"svc": ServiceView("svc", ("b",), {"b": UP})})
    assert dict(named(view)) == {}
