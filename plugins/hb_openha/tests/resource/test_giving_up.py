"""What the resource asks of the cluster where a monitored resource stays down: `service -A web freeze-stop`."""

import sys

import pytest
from opensvc_openha.states import State
from opensvc_openha.tree import Tree

SERVICE = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\nmonitor = true\n[hb#0]\ntype = OpenHA\n"
# The cluster's command as a test needs it: it notes how it was called, and has this agent stop the service.
COMMAND = """\
#!/bin/sh
echo "$@" >>{root}/called
env | grep ^EZ | sort >{root}/environment
test ! -e {root}/fails || exit 255
printf '\\0006\\000' >$EZ/services/web/STATE.n1
exec {root}/etc/web.cluster stop
"""


@pytest.fixture
def node(root, cluster):
    """The node n1, where the cluster has the service `web` started and its monitored resource is down."""
    root.write("etc/web.conf", SERVICE)
    root("svcmgr -s web print status")
    cluster.run()
    (cluster.tree.bin / "service").symlink_to(root.write("service", COMMAND, mode=0o755))
    cluster.say(n1=State.STARTED, n2=State.STOPPED)
    root("svcmgr -s web start --cluster")
    (root / "run/svc/web/fs#1.flag").unlink()
    return root


def called(node):
    return (node / "called").read_text().splitlines() if (node / "called").exists() else []


def test_the_cluster_is_asked_for_a_freeze_stop_and_told_where_its_tree_is(node, cluster):
    said = node("svcmgr -s web resource monitor").stdout
    assert called(node) == ["-A web freeze-stop"]
    assert "the cluster manager is asked to stop it here, n2 is to take it over" in said
    given = dict(line.split("=", 1) for line in (node / "environment").read_text().splitlines())
    assert Tree.of(given) == cluster.tree
    assert {"EZ_BIN", "EZ_SERVICES", "EZ_NODES", "EZ_MONITOR", "EZ_LOG"} <= given.keys()


def test_a_command_that_fails_is_an_error_with_its_reason(node):
    node.write("fails", "")
    said = node("svcmgr -s web resource monitor", code=1).stdout
    assert "it is not given away" in said
    assert "exit code 255" in said


@pytest.mark.parametrize("other", [state for state in State if state is not State.STOPPED], ids=str)
def test_where_the_other_node_would_not_start_it_it_stays(node, cluster, other):
    cluster.say(n2=other)
    assert f"n2 would not start it: the cluster has it {other} there" in node("om web resource monitor").stdout
    assert called(node) == []


def test_a_state_that_can_t_be_read_gives_nothing_away(node, cluster):
    cluster.tree.state("web", "n2").write_bytes(b"?")
    assert "n2 would not start it: the cluster has it in no known state there" in node("om web resource monitor").stdout
    assert called(node) == []


@pytest.mark.parametrize("own", [state for state in State if state is not State.STARTED], ids=str)
def test_what_the_cluster_has_not_started_here_is_left_alone(node, cluster, own):
    cluster.say(n1=own)
    assert "the cluster manager does not have it started here" in node("om web resource monitor").stdout
    assert called(node) == []


def test_while_the_cluster_does_not_run_nothing_is_given_away(node, cluster):
    cluster.end("nmond")
    assert "the cluster manager does not have it started here" in node("om web resource monitor").stdout
    assert called(node) == []


@pytest.mark.parametrize(
    "tree",
    [
        Tree.below(Tree.by_hierarchy().states),
        Tree.by_hierarchy(),
        Tree.of({"EZ": "/ez", "EZ_BIN": "/bin", "EZ_LOG": "/log", "EZ_MONITOR": "/conf/monitor"}),
        Tree.of({"EZ": "/ez", "EZ_VAR": "/var/ez"}),
    ],
    ids=["one folder", "by the hierarchy", "some places", "with EZ_VAR"],
)
def test_the_environment_of_a_tree_names_it(tree):
    assert Tree.of(tree.environment()) == tree


PROBE = """import sys
from opensvc_core.api import ActionRefused, Node
resource = Node(sys.argv[1], nodename="n1").service("web").instance().part("hb#0").resource
try:
    print(*resource.give_up())
except ActionRefused as refusal:
    print(refusal)
"""


def test_it_is_asked_of_the_resource_only_while_it_holds(node, cluster):
    program = node.write("probe.py", PROBE)
    assert "freeze-stop" in node(f"{sys.executable} {program} {node.folder}").stdout
    cluster.say(n1=State.STOPPING)
    assert "the cluster does not have web STARTED here: it has it STOPPING" in node(f"{sys.executable} {program} {node.folder}").stdout
