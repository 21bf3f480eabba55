"""The tree of a node: what is published is read again as what it was, and what can't be read counts as unknown."""

from opensvc_daemon.heartbeat.journal import journal_of
from opensvc_daemon.monitor.knowledge import Knowledge, Picture, ServiceFile
from opensvc_daemon.monitor.shown import shown_of
from opensvc_daemon.monitor.telling import (
    instance_tree,
    read_fields,
    read_generations,
    read_instance,
    read_instances,
    read_request,
    request_json,
    tree_of,
)
from opensvc_daemon.orchestration.requests import Progress, Request, Wish
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Guard, InstanceView

from opensvc_core.api import Status

REQUEST = Request("00ff00ff00ff00ff", Wish.SWITCH, 3, "n1", ("n2",), Progress.ACTIVE, "")
INSTANCE = InstanceView(
    Status.UP,
    MonitorState.READY,
    monitor_generation=7,
    rank=1,
    is_frozen=True,
    is_provisioned=False,
    meets_constraints=False,
    expects_up=True,
    is_alone=True,
    served="00ff00ff00ff00ff",
    config="abc",
    failed_action="switch",
    last_start=12.5,
    request=REQUEST,
)


def test_an_instance_is_read_as_it_was_told():
    told = instance_tree(INSTANCE, Picture())
    assert read_instance(told) == INSTANCE


def test_a_request_is_read_as_it_was_told():
    assert read_request(request_json(REQUEST)) == REQUEST
    after_a_removal = REQUEST._replace(removing=3)
    assert read_request(request_json(after_a_removal)) == after_a_removal
    assert read_request(request_json(None)) is None


def test_a_wish_of_another_version_is_no_request():
    assert read_request({**request_json(REQUEST), "wish": "levitate"}) is None


def test_a_status_of_another_version_counts_as_active():
    told = instance_tree(INSTANCE, Picture()) | {"avail": "half up", "monitor": "levitating"}
    read = read_instance(told)
    assert read.is_active
    assert read.monitor.is_acting


def test_an_instance_that_is_no_instance_counts_as_active():
    assert read_instances({"svc1": {"instance": {"rank": "first"}}})["svc1"].is_active
    assert read_instances({"svc1": {"config": {}}}) == {}


def test_the_tree_is_data_that_can_be_sent():
    file = ServiceFile({"nodes": ("n1", "n2"), "guard": Guard.LEASE, "topology": "flex"}, "abc", {"n1": 2, "n2": 1}, "svc1.conf", 5.0)
    known = Knowledge("n1", state=NodeState.IDLE, instances={"svc1": INSTANCE}, files={"svc1": file})
    tree = tree_of(known)
    assert journal_of(tree).data == tree
    assert tree["node"]["state"] == "idle"
    config = tree["services"]["svc1"]["config"]
    assert (config["generation"], config["generations"]) == (3, {"n1": 2, "n2": 1})
    assert read_fields(config) == {"nodes": ("n1", "n2"), "guard": Guard.LEASE, "topology": "flex"}


def test_resources_have_the_letters_of_the_instance_tree():
    resource = {
        "status": "up",
        "label": "l",
        "type": "fs.flag",
        "monitor": True,
        "standby": True,
        "restarts_left": 2,
        "provisioned": {"state": True},
    }
    status = {
        "resources": {"fs#1": resource, "app#1": {"status": "down", "label": "a", "type": "app.simple", "restarts_left": 12}},
        "running": ["app#1"],
    }
    told = instance_tree(INSTANCE, Picture(shown=shown_of(status)))["resources"]
    assert told["fs#1"]["flags"] == ".M....S2"
    assert told["app#1"]["flags"] == "R..../.+"


def test_fields_of_another_kind_are_left_out():
    assert read_fields({"nodes": ["n1", 2], "flex_min": "many", "topology": "flex", "guard": "prayer"}) == {
        "nodes": ("n1", "2"),
        "topology": "flex",
    }
    assert read_fields("nonsense") == {}
    assert read_generations({"n1": 2, "n2": "x"}) == {"n1": 2}
