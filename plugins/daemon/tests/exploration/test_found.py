"""Faults that the exploration found in the decision, each told again as the view in which it showed."""

import pytest
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.orders import Do
from opensvc_daemon.orchestration.requests import Progress, Request, Wish
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView, View

from opensvc_core.api import Status

NOW = 1000.0
UP = InstanceView(Status.UP, expects_up=True)
UNSEEN_STATUS = InstanceView(Status.UNDEF)
LOOKING = NodeView("b", state=NodeState.INIT)


def orders(a, b, *, node=None, me=None, **values):
    """What node a is told, with this instance on it and on node b; None: b has said nothing."""
    nodes = {"a": me or NodeView("a"), "b": node or NodeView("b")}
    instances = {"a": a} if b is None else {"a": a, "b": b}
    awake_since = values.pop("awake_since", 0.0)
    service = ServiceView("svc", ("a", "b"), instances, **values)
    return decide(View("a", nodes, {"svc": service}, awake_since=awake_since), NOW).orders


def asked(wish, *to):
    return Request("r1", wish, 1, "a", to)


def ends(found):
    return [order.progress for order in found if order.do is Do.END_REQUEST]


def test_a_daemon_that_has_not_looked_yet_makes_no_split():
    assert orders(UP, UNSEEN_STATUS, node=LOOKING) == ()


def test_a_daemon_that_has_not_looked_yet_makes_no_instance_too_many():
    found = orders(UP, UNSEEN_STATUS, node=LOOKING, topology="flex", flex_target=1, placement="shift")
    assert not [order for order in found if order.do is Do.ACT]


def test_two_that_were_seen_up_are_a_split():
    assert [order.action for order in orders(UP, UP)] == ["freeze"]


def test_a_thaw_is_not_done_before_the_peer_knows_of_it():
    request = asked(Wish.THAW)
    assert ends(orders(UP._replace(request=request), InstanceView())) == []
    assert ends(orders(UP._replace(request=request), InstanceView(request=request))) == [Progress.DONE]


@pytest.mark.parametrize("monitor", [MonitorState.FREEZING, MonitorState.THAWING])
def test_a_start_is_not_done_while_a_peer_is_still_frozen_by_what_came_before(monitor):
    request = asked(Wish.START)
    assert ends(orders(UP._replace(request=request), InstanceView(monitor=monitor, request=request))) == []


def test_a_thaw_is_not_done_while_the_peer_has_not_looked_yet():
    request = asked(Wish.THAW)
    assert ends(orders(UP._replace(request=request), UNSEEN_STATUS._replace(request=request), node=LOOKING)) == []


def test_a_stop_is_not_done_while_a_node_of_the_file_was_never_heard():
    stopped = InstanceView(is_frozen=True, request=asked(Wish.STOP))
    assert ends(orders(stopped, None, node=NodeView("b", Reach.UNSEEN))) == []
    assert ends(orders(stopped, None, node=NodeView("b", Reach.GONE))) == [Progress.DONE]


@pytest.mark.parametrize(
    ("me", "awake_since", "ended"),
    [
        pytest.param(NodeView("a", state=NodeState.REJOIN, state_since=NOW), 0.0, [], id="in rejoin"),
        pytest.param(NodeView("a"), NOW, [], id="just begun"),
        pytest.param(NodeView("a"), 0.0, [Progress.REFUSED], id="running for long"),
    ],
)
def test_a_switch_is_not_refused_by_who_has_not_listened_yet(me, awake_since, ended):
    request = asked(Wish.SWITCH, "b")
    found = orders(UP._replace(request=request), None, node=NodeView("b", Reach.UNSEEN), me=me, awake_since=awake_since)
    assert ends(found) == ended
    assert all(order.reasons for order in found)


def test_a_switch_to_a_node_that_has_not_looked_yet_waits_and_says_why():
    request = asked(Wish.SWITCH, "b")
    found = orders(UP._replace(request=request), UNSEEN_STATUS._replace(request=request), node=LOOKING)
    assert [reason.code for order in found for reason in order.reasons] == ["node.init"]
