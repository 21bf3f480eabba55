"""The view: what a node takes its peers to be, by what it has of them."""

from opensvc_daemon.heartbeat.digests import digested
from opensvc_daemon.heartbeat.replica import Replica
from opensvc_daemon.monitor.knowledge import Knowledge, LeaseTold, Peer, ServiceFile
from opensvc_daemon.monitor.telling import read_instances
from opensvc_daemon.monitor.viewing import view_of
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import Guard, InstanceView, Lease, Reach

from opensvc_core.api import Status

FILE = ServiceFile({"nodes": ("n1", "n2"), "orchestrate": "ha", "has_data_at_stake": True}, "abc", {"n1": 1}, "svc1.conf")
TOLD = {
    "node": {"state": "idle", "frozen": True, "load": 0.5, "score": 70, "version": 1},
    "services": {
        "svc1": {
            "config": {"nodes": ["n1", "n2"], "topology": "failover", "guard": "fence"},
            "instance": {"avail": "up", "monitor": "idle"},
        }
    },
}


def peer(incarnation=5, data=TOLD, life=5, **more):
    found = Peer("n2", **{"reach": Reach.BEATING, **more}, incarnation=life, replica=Replica(incarnation, 3, digested(data)))
    found.instances = read_instances(dict(found.services()))
    return found


def known(n2, **more):
    return Knowledge("n1", **{"state": NodeState.IDLE, "files": {"svc1": FILE}, **more}, peers={"n2": n2})


def test_a_peer_that_beats_is_as_it_says():
    view = view_of(known(peer(merged=9)))
    assert view.nodes["n2"].state is NodeState.IDLE
    assert view.nodes["n2"].is_frozen
    assert (view.nodes["n2"].score, view.nodes["n2"].merged) == (70, 9)
    assert view.services["svc1"].instances["n2"].avail is Status.UP


def test_a_new_life_that_has_told_nothing_is_looking_at_its_services():
    view = view_of(known(peer(life=6)))
    assert view.nodes["n2"].reach is Reach.BEATING
    assert view.nodes["n2"].state is NodeState.INIT


def test_what_a_peer_has_said_since_is_known_to_be_missing():
    assert view_of(known(peer(announced=3))).nodes["n2"].is_told
    assert not view_of(known(peer(announced=4))).nodes["n2"].is_told
    assert not view_of(known(peer(life=6))).nodes["n2"].is_told


def test_a_peer_that_has_never_told_anything_may_have_it_up():
    view = view_of(known(Peer("n2", Reach.BEATING, incarnation=6)))
    assert view.nodes["n2"].state is NodeState.INIT
    assert view.services["svc1"].instances["n2"].is_active


def test_what_a_silent_peer_said_last_stays_known():
    view = view_of(known(peer(reach=Reach.SILENT)))
    assert view.nodes["n2"].reach is Reach.SILENT
    assert view.services["svc1"].instances["n2"].avail is Status.UP


def test_a_confirmed_life_is_gone_and_the_next_one_is_not():
    n2 = peer(reach=Reach.SILENT, confirmed=5)
    assert view_of(known(n2)).nodes["n2"].reach is Reach.GONE
    assert view_of(known(peer(confirmed=5))).nodes["n2"].reach is Reach.BEATING


def test_who_shut_down_and_runs_nothing_is_gone():
    shut = {"node": {"state": "shutting"}, "services": {"svc1": {"instance": {"avail": "down", "monitor": "idle"}}}}
    assert view_of(known(peer(data=shut, reach=Reach.SILENT))).nodes["n2"].reach is Reach.GONE
    still = {"node": {"state": "shutting"}, "services": {"svc1": {"instance": {"avail": "up", "monitor": "shutting"}}}}
    assert view_of(known(peer(data=still, reach=Reach.SILENT))).nodes["n2"].reach is Reach.SILENT


def test_a_confirmation_is_shared_by_peers_that_are_heard():
    n2 = peer(data={"node": {"state": "idle", "gone": {"n3": 8}}, "services": {}})
    n3 = Peer("n3", Reach.SILENT, incarnation=8)
    cluster = known(n2)
    cluster.peers["n3"] = n3
    assert view_of(cluster).nodes["n3"].reach is Reach.GONE
    n3.incarnation = 9
    assert view_of(cluster).nodes["n3"].reach is Reach.SILENT


def test_a_service_without_a_file_here_is_known_by_the_peers_words():
    service = view_of(known(peer(), files={})).services["svc1"]
    assert service.nodes == ("n1", "n2")
    assert service.guard is Guard.FENCE
    assert "n1" not in service.instances


def test_a_file_that_could_never_be_read_gives_no_orders():
    broken = ServiceFile({}, "abc", {}, "svc1.conf", error="line 3")
    service = view_of(known(Peer("n2"), files={"svc1": broken}, instances={"svc1": InstanceView()})).services["svc1"]
    assert service.is_disabled


def test_leases_are_as_beat_tells_them():
    service = view_of(known(peer(), leases={"svc1": LeaseTold(Lease.REFUSED, 4.0, 1.5)})).services["svc1"]
    assert (service.lease, service.lease_since, service.lease_wait) == (Lease.REFUSED, 4.0, 1.5)
