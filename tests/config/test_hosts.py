"""node.conf and cluster.conf: read in layers, with scopes of the cluster's nodes; the first node for disaster recovery."""

import pytest

from opensvc_core.config.document import Document
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.config.validation import validate_node
from opensvc_core.config.vocabulary import ClusterKeywords, NodeKeywords
from opensvc_core.errors import ConfigError
from opensvc_core.model.names import ServicePath

CLUSTER = "[cluster]\nname = clu1\nid = c1\nnodes = n1 n2\ndrpnodes = d1\ndns = 192.0.2.1\n\n[node]\nmax_parallel = 4\nloc_city = Paris\n"


def host(node_conf, cluster_conf=CLUSTER, node="n1"):
    document, below = Document.parse(node_conf, path="node.conf"), Document.parse(cluster_conf, path="cluster.conf")
    return ServiceConfig(document, World(node=node, path=ServicePath("node", kind="ccfg")), None, below=below)


def test_the_node_says_what_counts_and_the_cluster_the_rest():
    config = host("[node]\nloc_city = Rome\n")
    assert NodeKeywords(config.values("node", NodeKeywords)).loc_city == "Rome"
    assert NodeKeywords(config.values("node", NodeKeywords)).max_parallel == 4
    assert ClusterKeywords(config.values("cluster", ClusterKeywords)).nodes == ["n1", "n2"]
    assert config.sections() == ["node", "cluster"]
    assert (config.raw("cluster", "name"), config.raw("node", "loc_city")) == ("clu1", "Rome")


def test_references_go_from_one_file_to_the_other():
    config = host("[labels]\nplace = {node.loc_city}-{cluster.name}\n", CLUSTER + "loc_room = {labels.place}\n")
    assert config.text("node", "loc_room") == "Paris-clu1"


@pytest.mark.parametrize(
    ("text", "value"),
    [("{clustername}", "clu1"), ("{clusterid}", "c1"), ("{clusternodes[1]}", "n2"), ("{#clusterdrpnodes}", "1"), ("{dns}", "192.0.2.1")],
)
def test_the_words_for_the_cluster_are_what_the_files_say(text, value):
    assert host(f"[labels]\na = {text}\n").text("labels", "a") == value


@pytest.mark.parametrize(("node", "city"), [("n1", "here"), ("n2", "members"), ("d1", "far"), ("x", "anywhere")])
def test_scopes_are_those_of_the_cluster(node, city):
    keys = "loc_city = anywhere\nloc_city@nodes = members\nloc_city@drpnodes = far\nloc_city@n1 = here\nloc_city@flex_primary = wrong\n"
    assert host(f"[node]\n{keys}", node=node).text("node", "loc_city") == city


def test_a_bad_value_is_told_with_the_file_that_it_stands_in():
    with pytest.raises(ConfigError) as caught:
        host("", "[node]\n\nmax_parallel = many\n").values("node", NodeKeywords)
    assert str(caught.value).startswith("cluster.conf:3: node.max_parallel")


def test_a_file_answers_for_its_own_findings_alone():
    config = host("[labels]\na = {cluster.name} {cluster.nme}\n", "[cluster]\nname = clu1\nquorum = perhaps\n")
    assert [(one.code, one.section, one.key) for one in validate_node(config)] == [("dangling-reference", "labels", "a")]


def test_a_circle_through_both_files_is_found():
    config = host("[labels]\na = {node.loc_city}\n", "[node]\nloc_city = {labels.a}\n")
    assert [one.code for one in validate_node(config)] == ["circular-reference"]


# -- the first node for disaster recovery

DRPNODES = [
    ("drpnodes = d1 d2", "d1 d2"),
    ("drpnode = d0\ndrpnodes = d1 d2", "d0 d1 d2"),
    ("drpnode = D0", "d0"),
    ("drpnode = d2\ndrpnodes = d1 d2", "d2 d1"),
    ("drpnode =\ndrpnodes = d1", "d1"),
    ("drpnode = {env.first}\ndrpnodes = d1", "d0 d1"),
]


@pytest.mark.parametrize(("keys", "nodes"), DRPNODES)
def test_drpnode_comes_before_drpnodes(loaded, keys, nodes):
    config = loaded(f"[DEFAULT]\nnodes = n1\n{keys}\n[env]\nfirst = d0\nall = {{drpnodes}}|{{DEFAULT.drpnodes[0]}}|{{#drpnodes}}\n")
    assert config.service.drpnodes == nodes.split()
    assert config.text("DEFAULT", "drpnodes").lower() == nodes
    words = nodes.split()
    assert config.text("env", "all").lower() == f"{nodes}|{words[0]}|{len(words)}"


def test_drpnode_is_in_the_scope_of_drpnodes_and_leads(loaded):
    source = "[DEFAULT]\nnodes = n1\ndrpnode = d0\ndrpnodes = d1\n"
    source += "[env]\na@drpnodes = both\na@drp_flex_primary = never\nb@drp_flex_primary = lead\n"
    seen = [(config.text("env", "a"), config.text("env", "b")) for config in (loaded(source, node=node) for node in ("n1", "d0", "d1"))]
    assert seen == [(None, None), ("both", "lead"), ("both", None)]


def test_drpnodes_that_refer_to_themselves_are_refused_in_one_line(loaded):
    config = loaded("[DEFAULT]\nnodes = n1\ndrpnode = {drpnodes}\ndrpnodes = d1\n")
    with pytest.raises(ConfigError, match="circular reference"):
        config.text("DEFAULT", "drpnodes")
