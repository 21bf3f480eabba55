"""Which files a node asks for, and which it does not."""

import pytest
from opensvc_daemon.monitor.knowledge import Knowledge, Peer, ServiceFile
from opensvc_daemon.monitor.replication import CLUSTER, PATIENCE, Replication, Tombstones, Wanted, accept, offer, revive
from opensvc_daemon.orchestration.view import InstanceView, Reach

from opensvc_core.api import ActionRefused, Node, Status

from .test_viewing import peer

TEXT = "[DEFAULT]\nnodes = n1 n2\nid = 1\n[fs#1]\ntype = flag\n"


def told(generations, digest="other", nodes=("n1", "n2")):
    return {"config": {"digest": digest, "generations": generations, "nodes": list(nodes), "file": "svc1.conf"}}


def file(generations, digest="mine"):
    return ServiceFile({"nodes": ("n1", "n2")}, digest, generations, "svc1.conf")


@pytest.fixture
def asked(tmp_path):
    """What is wanted of a peer that tells of a file, and what is said of it."""

    def ask(branch, own=None, instance=None, *, reach=Reach.BEATING, buried=None, cluster=None, own_cluster=None):
        data = {"node": {"state": "idle"}, "services": {"svc1": branch}, **({"cluster": cluster} if cluster else {})}
        known = Knowledge("n1", files={"svc1": own} if own else {}, peers={"n2": peer(data=data, reach=reach)})
        if instance:
            known.instances["svc1"] = instance
        tombstones, said = Tombstones(tmp_path), []
        if buried:
            tombstones.bury("svc1", buried, "n1")
        replication = Replication(known, tombstones, lambda service, text: said.append((service, text)))
        replication.cluster = own_cluster
        return list(replication.wanted(0.0)), said, replication

    return ask


def test_a_file_that_is_lacking_is_asked_for(asked):
    assert asked(told({"n2": 1}))[0] == [Wanted("svc1", "n2")]


def test_a_file_that_does_not_name_this_node_is_not(asked):
    assert asked(told({"n2": 1}, nodes=["n2", "n3"]))[0] == []


def test_a_newer_file_is_asked_for_an_older_one_is_not(asked):
    assert asked(told({"n1": 1, "n2": 1}), file({"n1": 1}))[0] == [Wanted("svc1", "n2")]
    assert asked(told({"n1": 1}), file({"n1": 2}))[0] == []
    assert asked(told({"n1": 1}, digest="mine"), file({"n1": 2}))[0] == []


def test_independent_edits_are_told_once(asked):
    wanted, said, replication = asked(told({"n1": 1, "n2": 1}), file({"n1": 2}))
    assert wanted == []
    assert list(replication.wanted(99.0)) == []
    assert [service for service, _ in said] == ["svc1"]
    assert "independently" in said[0][1]


def test_who_is_not_heard_is_not_asked(asked):
    assert asked(told({"n2": 1}), reach=Reach.SILENT)[0] == []


def test_it_is_asked_for_again_after_a_while(asked):
    replication = asked(told({"n2": 1}))[2]
    assert list(replication.wanted(PATIENCE / 2)) == []
    assert list(replication.wanted(PATIENCE)) == [Wanted("svc1", "n2")]


def test_a_file_that_leaves_this_node_out_waits_while_it_is_up(asked):
    leaving = told({"n1": 1, "n2": 1}, nodes=["n2"])
    wanted, said, _ = asked(leaving, file({"n1": 1}), InstanceView(Status.UP))
    assert wanted == []
    assert "leaves n1 out" in said[0][1]
    assert asked(leaving, file({"n1": 1}), InstanceView(Status.DOWN))[0] == [Wanted("svc1", "n2")]


def test_a_file_that_was_deleted_does_not_come_back_unless_it_was_edited_since(asked):
    assert asked(told({"n1": 1, "n2": 1}), buried={"n1": 1, "n2": 1})[0] == []
    assert asked(told({"n1": 1, "n2": 2}), buried={"n1": 1, "n2": 1})[0] == [Wanted("svc1", "n2")]


def test_a_newer_cluster_conf_is_asked_for(asked):
    own = ServiceFile({}, "mine", {"n1": 1}, "cluster.conf")
    newer = {"digest": "other", "generations": {"n1": 1, "n2": 1}, "file": "cluster.conf"}
    assert asked({}, cluster=newer, own_cluster=own)[0] == [Wanted(CLUSTER, "n2")]
    assert asked({}, cluster=newer, own_cluster=None)[0] == []


# -- the files themselves


@pytest.fixture
def nodes(tmp_path):
    for name in ("n1", "n2"):
        (tmp_path / name / "etc").mkdir(parents=True)
    return [Node(tmp_path / name, nodename=name) for name in ("n1", "n2")]


def written(node, text=TEXT):
    (node.paths.etc / "svc1.conf").write_text(text)


def test_an_offer_is_accepted_as_a_whole(nodes):
    n1, n2 = nodes
    written(n1)
    accept(n2, offer(n1, "svc1"), "n1")
    assert (n2.paths.etc / "svc1.conf").read_text() == TEXT
    assert n2.store.descent(n2.paths.etc / "svc1.conf") == n1.store.descent(n1.paths.etc / "svc1.conf")


def test_what_is_frozen_where_it_comes_from_is_frozen_where_it_goes(nodes):
    n1, n2 = nodes
    written(n1)
    n1.service("svc1").state.freeze()
    accept(n2, offer(n1, "svc1"), "n1")
    assert n2.service("svc1").state.is_frozen()


def test_an_older_text_is_refused_and_nothing_changes(nodes):
    n1, n2 = nodes
    written(n1)
    note = offer(n1, "svc1")
    accept(n2, note, "n1")
    written(n2, TEXT + "tags = a\n")
    n2.store.settle(n2.paths.etc / "svc1.conf")
    with pytest.raises(ActionRefused, match="newer here"):
        accept(n2, note, "n1")
    assert (n2.paths.etc / "svc1.conf").read_text() == TEXT + "tags = a\n"


def test_an_offer_names_no_other_place_than_that_of_its_service(nodes):
    n1, n2 = nodes
    written(n1)
    accept(n2, {**offer(n1, "svc1"), "file": "../../../etc/passwd.conf"}, "n1")
    assert (n2.paths.etc / "svc1.conf").read_text() == TEXT


def test_a_file_made_anew_is_newer_than_the_deleted_one(nodes, tmp_path):
    n1, _ = nodes
    written(n1)
    revive(n1, "svc1", {"n1": 3, "n2": 2})
    assert dict(n1.store.descent(n1.paths.etc / "svc1.conf").generations) == {"n1": 4, "n2": 2}


def test_a_peer_that_says_nothing_of_files_is_no_trouble(tmp_path):
    known = Knowledge("n1", peers={"n2": Peer("n2", Reach.BEATING)})
    assert list(Replication(known, Tombstones(tmp_path), print).wanted(0.0)) == []
