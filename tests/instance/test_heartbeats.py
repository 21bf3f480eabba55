"""The heartbeats of a node: which links it has, for whom, with which values, and what stands in the place of one that can't be."""

import pytest

from opensvc_core.api import ConfigError, DriverUnavailable, FenceAgent, HeartbeatLink
from opensvc_core.instance.node import Node
from opensvc_core.registry import Registry


@pytest.fixture
def node(tmp_path):
    """Makes the node n1 with a cluster.conf, and maybe a node.conf."""

    def make(cluster, own="", name="n1"):
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc/cluster.conf").write_text(cluster)
        (tmp_path / "etc/node.conf").write_text(own)
        return Node(tmp_path, nodename=name)

    return make


MEMBERS = "[cluster]\nname = c\nnodes = n1 n2 n3\n"


def test_a_link_has_the_values_of_its_node_and_those_that_its_peers_have(node):
    scoped = "[hb#1]\ntype = unicast\naddr@n1 = 10.0.0.1\naddr@n2 = 10.0.0.2\nport@n3 = 7\ninterval = 500ms\ntimeout = 2\n"
    link = node(MEMBERS + scoped.replace("500ms", "2s")).heartbeats()["hb#1"]
    assert (link.id, link.name, link.detail, link.interval, link.timeout) == ("hb.unicast", "hb#1", "10.0.0.1:10000", 2.0, 2.0)
    assert (link.place.node, link.place.cluster, list(link.place.peers)) == ("n1", "c", ["n2", "n3"])
    assert link.of_peer("n2", type(link).addr) == "10.0.0.2"
    assert (link.of_peer("n3", type(link).addr), link.of_peer("n3", type(link).port)) == (None, 7)


def test_a_node_is_in_the_links_whose_nodes_name_it(node):
    links = node(MEMBERS + "[hb#1]\ntype = unicast\nnodes = n2 n3\n[hb#2]\ntype = multicast\nnodes = n1 n3\n").heartbeats()
    assert {name: list(link.place.peers) for name, link in links.items()} == {"hb#2": ["n3"]}


def test_the_members_for_disaster_recovery_take_part(node):
    link = node("[cluster]\nnodes = n1 n2\ndrpnodes = d1\n[hb#1]\ntype = unicast\n").heartbeats()["hb#1"]
    assert list(link.place.peers) == ["n2", "d1"]


def test_the_nodes_own_file_comes_first_key_by_key(node):
    link = node(MEMBERS + "[hb#1]\ntype = unicast\nport = 7\naddr = 10.0.0.9\n", "[hb#1]\nport = 8\n").heartbeats()["hb#1"]
    assert link.detail == "10.0.0.9:8"


def test_references_are_evaluated_for_each_peer(node):
    link = node(MEMBERS + "[hb#1]\ntype = unicast\naddr = {nodename}-hb\n").heartbeats()["hb#1"]
    assert [link.addr, link.of_peer("n2", type(link).addr)] == ["n1-hb", "n2-hb"]


@pytest.mark.parametrize(
    ("section", "kind", "says"),
    [
        ("type = nosuch\n", DriverUnavailable, "no installed plugin provides hb.nosuch"),
        ("type = unicast\nport = many\n", ConfigError, "many"),
        ("type = unicast\nport@n2 = many\n", ConfigError, "many"),
        ("type = disk\n", ConfigError, "dev is required on n2"),
        ("type = disk\ndev@n2 = /dev/sdb\ndev@n1 = /dev/sdb\n", ConfigError, "dev is required on n3"),
        ("addr = 10.0.0.1\n", ConfigError, "type is required"),
    ],
)
def test_in_the_place_of_a_link_that_cant_be_is_the_reason_and_the_others_go_on(node, section, kind, says):
    links = node(MEMBERS + f"[hb#1]\n{section}[hb#2]\ntype = unicast\n").heartbeats()
    assert isinstance(links["hb#1"], kind)
    assert says in str(links["hb#1"])
    assert links["hb#2"].id == "hb.unicast"


def test_the_kinds_of_drivers_are_not_mixed_up():
    registry = Registry({})
    with pytest.raises(DriverUnavailable, match=r"hb\.unicast is a driver of the cluster: it belongs in cluster\.conf or node\.conf"):
        registry.driver("hb.unicast")
    with pytest.raises(DriverUnavailable, match=r"fs\.flag is the driver of a resource: it belongs in the file of a service"):
        registry.plugged("fs.flag", HeartbeatLink)
    with pytest.raises(DriverUnavailable, match=r"hb\.unicast is"):
        registry.plugged("HB.Unicast", FenceAgent)
    assert registry.plugged("HB.Unicast", HeartbeatLink) is registry.declared("hb.unicast")
