"""What a node knows of itself: node.conf over cluster.conf."""

import pytest

from opensvc_core import Node
from opensvc_core.errors import ConfigError


@pytest.fixture
def node_of(tmp_path):
    """A node with these two files; None: absent."""

    def made(node_conf=None, cluster_conf=None):
        (tmp_path / "etc").mkdir(exist_ok=True)
        for name, text in (("node", node_conf), ("cluster", cluster_conf)):
            if text is not None:
                (tmp_path / "etc" / f"{name}.conf").write_text(text, "utf-8")
        return Node(root=tmp_path, nodename="n1")

    return made


CLUSTER = "[cluster]\nname = clu1\nnodes = n1 n2\n\n[node]\nruser = admin\nenv = PRD\n\n[labels]\nrack = r1\nplace = hall\n"


def test_the_cluster_is_what_both_files_say(node_of):
    assert node_of(cluster_conf=CLUSTER).cluster.name == "clu1"
    node = node_of("[cluster]\nname = other\n", CLUSTER)
    assert (node.cluster.name, node.cluster.nodes) == ("other", ["n1", "n2"])


def test_settings_for_all_nodes_stand_in_the_file_of_the_cluster(node_of):
    settings = node_of("[node]\nenv = TST\n", CLUSTER).settings
    assert (settings.env, settings.ruser) == ("TST", "admin")


def test_a_service_sees_values_and_labels_of_both(node_of):
    node = node_of("[labels]\nrack = r7\n", CLUSTER)
    service = node.create(
        "web", "[DEFAULT]\nnodes = rack=r7\n[env]\na = {node.ruser} {node.labels.rack} {node.labels.place} {clustername}\n"
    )
    assert service.config().text("env", "a") == "admin r7 hall clu1"
    assert service.config().service.nodes == ["n1"]


def test_plugins_are_told_of_both(node_of):
    node = node_of("[hook#1]\nevents = after_action\n", "[hook#1]\nevents = none\ncommand = /bin/true\n[hook#2]\nevents = x\n")
    told = node.announced()["node_config"]
    assert told() == {"hook#1": {"events": "after_action", "command": "/bin/true"}, "hook#2": {"events": "x"}}
    (node.paths.etc / "node.conf").unlink()
    assert told()["hook#1"]["events"] == "none"


def test_an_edit_of_the_node_leaves_the_file_of_the_cluster_alone(node_of):
    node = node_of("", CLUSTER)
    assert node.change("node", lambda document: document.set("cluster", "name", "mine")) == []
    assert (node.paths.etc / "cluster.conf").read_text("utf-8") == CLUSTER
    assert node_of().cluster.name == "mine"


def test_a_file_of_the_cluster_that_is_none_is_named(node_of):
    with pytest.raises(ConfigError, match=r"cluster\.conf:1"):
        _ = node_of("[node]\nenv = TST\n", "no section\n").settings
