"""Views of every kind, made by hypothesis: up to three nodes, two services, moments around `NOW`.

A view is made from a string of bytes, one for each choice: that is much faster than a strategy for each field, and
shrinks as well, because the first of the options is the plain one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from hypothesis import strategies as st
from opensvc_daemon.orchestration.requests import Progress, Request, Wish
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import (
    Arbitrator,
    Fencing,
    Guard,
    InstanceView,
    Lease,
    NodeView,
    Reach,
    ResourceView,
    ServiceView,
    Settings,
    View,
)

from opensvc_core.api import Status

T = TypeVar("T")
NOW = 1000.0
NAMES = ("a", "b", "c")
_BYTES = 420
_AGO = (600.0, 0.0, 0.5, 1.0, 4.0, 5.0, 20.0, 59.0, 60.0, 89.5)
_SELDOM = (False, False, False, False, False, True)
_MOSTLY = (True, True, True, True, True, False)
_EITHER = (False, True)


class Choices:
    """Choices made by bytes; when they are used up, the plain ones.

    The first byte says how calm it is: in a calm cluster most choices are the plain ones, and what seldom meets does so too.
    """

    def __init__(self, data: bytes) -> None:
        self._bytes: Iterator[int] = iter(data)
        self._calm = 0
        self._calm = self(0, 0, 100, 190, 220, 240)

    def __call__(self, *options: T) -> T:
        byte = next(self._bytes, 0)
        return options[0 if byte < self._calm else byte % len(options)]

    def any(self, *options: T) -> T:
        """One of them also where it is calm."""
        return options[next(self._bytes, 0) % len(options)]

    def moment(self) -> float:
        """Some time ago."""
        return NOW - self(*_AGO)


def view_of(data: bytes) -> View:
    """What node a knows."""
    choose = Choices(data)
    names = choose(NAMES, NAMES[:2], NAMES[:1])
    return View(
        "a",
        {name: _node(choose, name) for name in names},
        {"svc": _service(choose, "svc", "other"), "other": _service(choose, "other", "svc")},
        choose((), (Arbitrator("arb", is_answering=True),)),
        Settings(has_quorum_rule=choose(*_EITHER), split_action=choose("stop", "crash"), max_parallel=choose(10, 1)),
        choose(float("-inf"), float("-inf"), NOW - 1.0),
        2,
    )


def request_of(data: bytes) -> Request:
    """A request."""
    return _request(Choices(data))


views = st.binary(min_size=_BYTES, max_size=_BYTES).map(view_of)
requests = st.binary(min_size=6, max_size=6).map(request_of)


def _node(choose: Choices, name: str) -> NodeView:
    return NodeView(
        name,
        reach=choose.any(Reach.BEATING, Reach.BEATING, *Reach),
        reach_since=choose.moment(),
        state=choose(NodeState.IDLE, NodeState.IDLE, NodeState.IDLE, NodeState.IDLE, *NodeState),
        state_since=choose.moment(),
        is_frozen=choose(*_SELDOM),
        is_overloaded=choose(*_SELDOM),
        load=choose(0.0, 1.5),
        score=choose(0, 1, 2),
        version=choose(1, 1, 1, 1, 2),
        merged=choose(2, 1, 0),
        is_told=choose(True, True, False),
        untold_since=choose.moment(),
        fencing=choose(*Fencing),
        fencing_since=choose.moment(),
        can_be_fenced=choose(True, False),
        links=choose({}, {"hb#1": True}),
    )


def _service(choose: Choices, path: str, other: str) -> ServiceView:
    nodes = choose(("a", "b", "c"), ("b", "a"), ("c", "a", "b"), ("a",), ("b", "c"))
    with_instance: Sequence[str] = choose(("a", "b", "c"), ("a", "b"), ("a",), ("b", "c"))

    def related() -> tuple[str, ...]:
        return choose((), (), (), (other,), ("nosuch",))

    return ServiceView(
        path,
        nodes,
        {name: _instance(choose) for name in with_instance},
        choose("failover", "failover", "flex"),
        choose("ha", "ha", "start", "no"),
        choose("nodes order", "load avg", "score", "spread", "shift", "last start", "none"),
        choose(1, 2),
        choose(0, 1),
        choose(1, 2, 3),
        choose(50, 5),
        parents=related(),
        children=related(),
        hard_affinity=related(),
        hard_anti_affinity=related(),
        soft_affinity=related(),
        soft_anti_affinity=related(),
        guard=choose.any(*Guard),
        has_data_at_stake=choose.any(*_EITHER),
        monitor_action=choose((), ("switch",), ("freezestop", "crash"), ("none",)),
        pre_monitor_action=choose("", "dump"),
        split_resolution=choose("freeze", "quorum"),
        is_disabled=choose(*_SELDOM),
        is_managed=choose(*_SELDOM),
        is_rolled_back=choose(*_MOSTLY),
        lease=choose.any(*Lease),
        lease_since=choose.moment(),
    )


def _instance(choose: Choices) -> InstanceView:
    return InstanceView(
        avail=choose(Status.DOWN, Status.DOWN, Status.DOWN, Status.UP, *Status),
        monitor=choose(MonitorState.READY, MonitorState.IDLE, choose(*MonitorState)),
        monitor_since=choose.moment(),
        monitor_generation=choose(1, 2),
        rank=choose(0, 1, 2, -1),
        is_frozen=choose(*_SELDOM),
        is_provisioned=choose(*_MOSTLY),
        meets_constraints=choose(*_MOSTLY),
        expects_up=choose(*_EITHER),
        is_alone=choose(*_SELDOM),
        served=choose("", "r1", "r2"),
        config=choose("", "", "", "", "", "x"),
        failed_action=choose("", "freezestop"),
        last_start=choose.moment(),
        resources=choose((), (_resource(choose, "fs#1"),), (_resource(choose, "fs#1"), _resource(choose, "app#1"))),
        request=choose(None, None, _request(choose)),
        is_left=choose(*_SELDOM),
    )


def _resource(choose: Choices, rid: str) -> ResourceView:
    return ResourceView(
        rid,
        choose(Status.UP, Status.DOWN, Status.STDBY_DOWN),
        is_monitored=choose(*_EITHER),
        is_standby=choose(*_SELDOM),
        is_disabled=choose(*_SELDOM),
        restarts_left=choose(0, 1, 2),
        restart_delay=choose(0.0, 3.0),
        tried_at=choose(None, choose.moment()),
    )


def _request(choose: Choices) -> Request:
    return Request(
        choose("r1", "r2"),
        choose(*Wish),
        choose(1, 2, 3),
        choose(*NAMES),
        choose((), ("a",), ("b",), ("z",)),
        choose(Progress.ACTIVE, Progress.ACTIVE, *Progress),
    )
