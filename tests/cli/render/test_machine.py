"""The picture of a service as data."""

import json

from opensvc_core.cli.render.machine import VERSION, dumps, status_json
from opensvc_core.model.names import ServicePath
from opensvc_core.model.snapshot import InstanceStatus, Provisioned, ResourceStatus, ServiceStatus
from opensvc_core.model.status import Message, Status

FS = ResourceStatus("fs#1", "fs.ext4", "fs", Status.UP, "ext4 /dev/x@/x", "/dev/x@/x")
APP = ResourceStatus(
    "app#1",
    "app.forking",
    "app",
    Status.STDBY_DOWN,
    "forking: web",
    "app",
    messages=(Message("warn", "slow"),),
    info={"port": "80"},
    subset="s1",
    tags=("blue",),
    is_running=True,
    is_monitored=True,
    is_disabled=True,
    is_optional=True,
    is_encap=True,
    is_standby=True,
    provisioned=Provisioned.NOT_APPLICABLE,
    restarts_left=0,
)
LOCAL = InstanceStatus(
    "n2",
    Status.UP,
    Status.WARN,
    groups={"fs": Status.UP},
    resources=(FS, APP),
    subsets={"app:s1": True},
    provisioned=Provisioned.PARTLY,
    monitor="idle",
    local_expect="started",
)
PEER = InstanceStatus("n1", Status.DOWN, Status.DOWN, is_frozen=True, priority=50)
SERVICE = ServiceStatus(
    ServicePath("web", "prod"), Status.UP, Status.WARN, (PEER, LOCAL), notices=("non-optimal placement",), nodes=("n1", "n2")
)


def test_the_data_carries_its_version_and_whose_it_is():
    data = status_json(SERVICE)

    assert data["version"] == VERSION == 1
    assert (data["path"], data["namespace"], data["kind"], data["node"]) == ("prod/svc/web", "prod", "svc", "n2")


def test_statuses_are_words():
    data = status_json(SERVICE)

    assert (data["avail"], data["overall"], data["optional"]) == ("up", "warn", "n/a")
    assert data["cluster"] == {"avail": "up", "overall": "warn", "notices": ["non-optimal placement"]}


def test_what_mends_a_notice_is_there_where_there_is_any():
    data = status_json(SERVICE._replace(offers=("om web set --kw split_policy=accept",)))

    assert data["cluster"]["offers"] == ["om web set --kw split_policy=accept"]


def test_every_known_group_has_a_status():
    groups = status_json(SERVICE)["status_group"]

    assert groups["fs"] == "up"
    assert groups["container"] == groups["hb"] == groups["sync"] == "n/a"


def test_a_plain_resource_says_the_necessary_only():
    assert status_json(SERVICE)["resources"]["fs#1"] == {
        "status": "up",
        "label": "ext4 /dev/x@/x",
        "type": "fs.ext4",
        "provisioned": {"state": True},
    }


def test_a_resource_says_all_that_is_set():
    assert status_json(SERVICE)["resources"]["app#1"] == {
        "status": "stdby down",
        "label": "forking: web",
        "type": "app.forking",
        "disable": True,
        "standby": True,
        "encap": True,
        "optional": True,
        "monitor": True,
        "log": ["warn: slow"],
        "info": {"port": "80"},
        "tags": ["blue"],
        "subset": "s1",
        "restarts_left": 0,
    }


def test_a_running_resource_and_a_parallel_subset_are_listed():
    data = status_json(SERVICE)

    assert data["running"] == ["app#1"]
    assert data["subsets"] == {"app:s1": {"parallel": True}}


def test_what_has_a_default_is_left_out():
    data = status_json(SERVICE)

    assert "orchestrate" not in data
    assert "priority" not in data
    assert data["peers"]["n1"]["priority"] == 50


def test_a_peer_is_told_by_its_node():
    peer = status_json(SERVICE)["peers"]["n1"]

    assert (peer["avail"], peer["frozen"], peer["monitor"]["status"], peer["resources"]) == ("down", True, "no monitor", {})


def test_a_part_that_is_provisioned_is_told_as_mixed():
    assert status_json(SERVICE)["provisioned"] == "mixed"


def test_the_text_reads_back_as_the_data():
    data = status_json(SERVICE)

    assert json.loads(dumps(data)) == data


def test_keys_are_sorted():
    assert list(json.loads(dumps({"b": 1, "a": 2}))) == ["a", "b"]
