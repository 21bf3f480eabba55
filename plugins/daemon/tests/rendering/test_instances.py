"""The tree of a service with a daemon: what is seen here, and what the daemon knows of the peers."""

import pytest
from opensvc_daemon.rendering.instances import with_cluster

from opensvc_core.cli.render.tree import instance_tree
from opensvc_core.model.names import ServicePath
from opensvc_core.model.snapshot import InstanceStatus, Provisioned, ResourceStatus, ServiceStatus
from opensvc_core.model.status import Status

# 000:805-816, its first four lines and the last one.
SWITCHED = """\
svc1                             up         non-optimal placement
`- instances
   |- demo1                      down       idle
   `- demo2                      up         idle, started
      `- fs#app         ........ up         ext4 /dev/vgsvc1/app@/svc1/app"""
WITH_PEERS_RESOURCES = """\
svc1                             up         non-optimal placement
`- instances
   |- demo1                      down       idle
   |  |- fs#app         .M...P.. down       ext4 /dev/vgsvc1/app@/svc1/app
   |  |                                     warn: the mount point is missing
   |  `- app#web        ...../.2 down       forking: weblauncher
   `- demo2                      up         idle, started
      `- fs#app         ........ up         ext4 /dev/vgsvc1/app@/svc1/app"""


def seen(avail=Status.UP, **more):
    resource = ResourceStatus("fs#app", "fs.ext4", "fs", avail, "ext4 /dev/vgsvc1/app@/svc1/app", "")
    local = InstanceStatus("demo2", avail, avail, resources=(resource,), provisioned=Provisioned.YES)
    return ServiceStatus(ServicePath.parse("svc1"), avail, avail, (local,), **more)


def document(mine=None, theirs=None, **service):
    instances = {"demo2": {"avail": "up", "overall": "up", "monitor": "idle", "expects_up": True, **(mine or {})}}
    instances["demo1"] = {"avail": "down", "overall": "down", "monitor": "idle", **(theirs or {})}
    found = {"avail": "up", "topology": "failover", "placement": "optimal", "instances": instances, **service}
    return {"version": 1, "me": "demo2", "nodes": {"demo1": {}, "demo2": {}}, "services": {"svc1": found}}


def head(status):
    return instance_tree(status).splitlines()


def test_the_peer_and_what_is_expected_after_a_switch():
    assert instance_tree(with_cluster(seen(), document(placement="non-optimal"))) == SWITCHED


def test_resources_of_the_peers_that_are_named():
    resources = {
        "fs#app": {
            "status": "down",
            "type": "fs.ext4",
            "label": "ext4 /dev/vgsvc1/app@/svc1/app",
            "monitor": True,
            "provisioned": {"state": False},
            "log": ["warn: the mount point is missing"],
        },
        "app#web": {"status": "down", "type": "app.forking", "label": "forking: weblauncher", "restart": 2},
    }
    found = document(theirs={"resources": resources}, placement="non-optimal")
    assert instance_tree(with_cluster(seen(), found, wanted="demo*")) == WITH_PEERS_RESOURCES
    assert instance_tree(with_cluster(seen(), found, wanted="demo3")) == SWITCHED


def test_a_request_that_is_followed_stands_behind_each_instance():
    found = document(request={"wish": "stop", "to": [], "progress": "active"})
    assert [line.rpartition("  ")[2].strip() for line in head(with_cluster(seen(), found))[2:4]] == [
        "idle, >stopped",
        "idle, started, >stopped",
    ]


def test_what_the_daemon_has_not_yet_seen_is_shown_as_it_is_here():
    status = with_cluster(seen(Status.DOWN), document())
    assert (status.avail, status.local.avail) == (Status.DOWN, Status.DOWN)
    assert with_cluster(seen(), document(mine={"avail": "down"}, avail="down")).avail is Status.UP


def test_up_on_two_nodes_is_a_warning():
    assert with_cluster(seen(), document(mine={"avail": "down"}, theirs={"avail": "up"})).avail is Status.WARN


def test_a_service_that_the_daemon_does_not_know_stays_as_it_was_seen():
    assert with_cluster(seen(), {"version": 1, "me": "demo2", "nodes": {}, "services": {}}) == seen()


@pytest.mark.parametrize(
    ("theirs", "shown"),
    [
        ({"frozen": True}, "warn       warn, frozen, idle"),
        ({"provisioned": False}, "down       not provisioned, idle"),
        ({"monitor": "start failed"}, "down       start failed"),
        ({"avail": "a word of tomorrow"}, "undef      idle"),
    ],
)
def test_the_notices_of_a_peer(theirs, shown):
    assert head(with_cluster(seen(), document(theirs=theirs)))[2].endswith(shown)


def test_a_frozen_node_is_told():
    found = document()
    found["nodes"]["demo1"]["frozen"] = True
    assert head(with_cluster(seen(), found))[2].endswith("down       node frozen, idle")


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        ({"reach": "gone", "state": "idle"}, "down       gone"),
        ({"reach": "silent", "state": "idle"}, "undef      silent"),
        ({"reach": "silent", "state": "maintenance"}, "undef      maintenance"),
    ],
)
def test_what_a_node_said_that_is_not_heard_any_more_is_not_shown_as_of_now(node, shown):
    found = document(mine={"avail": "down"}, theirs={"avail": "up", "overall": "warn", "expects_up": True})
    found["nodes"]["demo1"] = node
    status = with_cluster(seen(), found)
    assert head(status)[2].endswith(shown)
    assert status.avail is Status.UP


def test_own_notices_stand_behind_the_placement():
    assert head(with_cluster(seen(notices=("no guard",)), document(placement="non-optimal")))[0].endswith("non-optimal placement, no guard")
