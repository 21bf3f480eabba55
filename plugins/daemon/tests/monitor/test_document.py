"""The cluster document: one picture of services over their nodes."""

import pytest
from opensvc_daemon.monitor.document import Moment, avail_of, document
from opensvc_daemon.monitor.knowledge import Knowledge, Picture, ServiceFile
from opensvc_daemon.monitor.viewing import view_of
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView, Reach, ServiceView

from opensvc_core.api import Status

from .test_viewing import peer

UP, DOWN, WARN, NA = Status.UP, Status.DOWN, Status.WARN, Status.NA


def made(mine=DOWN, said=(), **more):
    file = ServiceFile({"nodes": ("n1", "n2"), "orchestrate": "ha"}, "abc", {"n1": 1}, "svc1.conf")
    known = Knowledge(
        "n1",
        state=NodeState.IDLE,
        members=("n1", "n2"),
        files={"svc1": file},
        instances={"svc1": InstanceView(mine)},
        pictures={"svc1": Picture()},
        peers={"n2": peer(**more)},
    )
    return document(Moment(known, view_of(known), 100.0, {"svc1": said}))


def test_a_service_is_up_where_one_instance_is():
    told = made()
    service = told["services"]["svc1"]
    assert (service["avail"], service["running"], service["expected"], service["split"]) == ("up", 1, 1, False)
    assert set(service["instances"]) == {"n1", "n2"}
    assert told["nodes"]["n2"]["reach"] == "beating"
    assert told["nodes"]["n2"]["score"] == 70
    assert told["cluster"]["quorum"] is True


def test_a_failover_service_that_is_up_twice_is_split():
    service = made(mine=UP)["services"]["svc1"]
    assert (service["avail"], service["split"], service["running"]) == ("warn", True, 2)


def test_what_a_silent_node_said_last_counts_no_more():
    told = made(reach=Reach.SILENT, reach_since=90.0)
    assert told["services"]["svc1"]["avail"] == "down"
    assert told["nodes"]["n2"]["reach"] == "silent"
    assert told["nodes"]["n2"]["reach_seconds"] == 10.0
    assert told["cluster"]["quorum"] is False


def test_placement_is_optimal_where_the_best_candidate_has_it():
    assert made()["services"]["svc1"]["placement"] == "non-optimal"
    assert made(mine=UP, reach=Reach.SILENT)["services"]["svc1"]["placement"] == "optimal"
    assert made(reach=Reach.SILENT)["services"]["svc1"]["placement"] == "n/a"
    assert made()["services"]["svc1"]["leaders"] == ["n1"]


def test_the_reasons_of_the_last_orders_are_told():
    order = Order(Do.NOTHING, "svc1", reasons=(Reason("node.frozen", "n1"),))
    assert made(said=[order])["services"]["svc1"]["reasons"] == [
        {"code": "node.frozen", "node": "n1", "text": "n1 is frozen: 'om node thaw' there"}
    ]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([UP, DOWN], UP),
        ([DOWN, DOWN], DOWN),
        ([UP, UP], WARN),
        ([UP, WARN], WARN),
        ([NA], NA),
        ([], Status.UNDEF),
        ([DOWN, Status.STDBY_UP], Status.STDBY_UP),
    ],
    ids=str,
)
def test_the_availability_of_a_failover_service(found, expected):
    assert avail_of(ServiceView("svc1", ("n1", "n2"), {}), found) is expected


@pytest.mark.parametrize(
    ("found", "expected"), [([UP], WARN), ([UP, UP, DOWN], UP), ([UP, UP, UP], UP), ([UP] * 4, WARN), ([DOWN], DOWN)], ids=str
)
def test_the_availability_of_a_flex_service(found, expected):
    assert avail_of(ServiceView("svc1", ("a", "b", "c", "d"), {}, "flex", flex_min=2, flex_max=3), found) is expected
