"""What the cluster manager's two links do: `web.stonith` before a takeover, `web.cluster` at it."""

import sys

import pytest
from opensvc_openha.states import State

SERVICE = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n[hb#0]\ntype = OpenHA\n"
FENCED = "[cluster]\nnodes = n1 n2\n[stonith#n2]\ncmd = {root}/fence\n"
UNCHECKED = "n2 is silent, and nothing asks whether it is down: what it has left is taken over as if it were"
UNCONFIRMED = "n2 is silent, and web.stonith has not confirmed that it is down: what it holds is not taken over"


@pytest.fixture
def node(root, cluster):
    """The node n1, with the service `web` and a way to fence n2 that notes each call; the cluster's programs run."""
    root.write("etc/web.env", SERVICE)
    root.write("etc/cluster.conf", FENCED)
    root.write(
        "fence", "#!/bin/sh\necho fenced $OPENSVC_FENCED_NODE >>{root}/fenced\nexit $(cat {root}/code 2>/dev/null || echo 0)\n", mode=0o755
    )
    root("svcmgr -s web print status")
    cluster.run()
    return root


def fenced(root):
    """How often n2 was fenced."""
    return (root / "fenced").read_text().splitlines() if (root / "fenced").exists() else []


def test_a_silent_node_is_fenced(node, cluster):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    told = node("etc/web.stonith start").stdout
    assert fenced(node) == ["fenced n2"]
    assert "n2 is silent: it is fenced before the service is started here" in told
    assert "n2 is confirmed to be down" in told


@pytest.mark.parametrize("state", [State.STOPPED, State.FROZEN_STOP, State.START_READY], ids=str)
def test_a_node_that_is_known_to_have_it_down_is_left_alone(node, cluster, state):
    cluster.say(n1=State.STARTING, n2=state)
    assert "nobody is fenced" in node("etc/web.stonith start").stdout
    assert fenced(node) == []


@pytest.mark.parametrize("state", [State.STARTED, State.STARTING, State.STOPPING, State.START_FAILED, State.STOP_FAILED], ids=str)
def test_a_node_that_may_have_it_up_is_not_fenced_and_the_start_ends(node, cluster, state):
    cluster.say(n1=State.STARTING, n2=state)
    assert f"n2 may have web up: the cluster has it {state} there" in node("etc/web.stonith start", code=5).stderr
    assert fenced(node) == []


@pytest.mark.parametrize("own", [State.STOPPED, State.STARTED, State.START_READY, State.UNKNOWN], ids=str)
def test_who_is_not_taking_over_fences_nobody(node, cluster, own):
    cluster.say(n1=own, n2=State.UNKNOWN)
    assert f"the cluster does not start web here: it has it {own}" in node("etc/web.stonith start", code=5).stderr
    assert fenced(node) == []


def test_while_the_cluster_does_not_run_nobody_is_fenced(node, cluster):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    cluster.end("nmond")
    assert "open-ha daemons are not running" in node("etc/web.stonith start", code=5).stderr
    assert "open-ha daemons are not running" in node("svcmgr -s web logs").stdout
    assert fenced(node) == []


def test_a_state_that_can_t_be_read_fences_nobody(node, cluster):
    cluster.say(n1=State.STARTING)
    cluster.tree.state("web", "n2").write_bytes(b"?")
    assert "in no known state" in node("etc/web.stonith start", code=5).stderr
    assert fenced(node) == []


def test_a_fence_that_fails_ends_the_start(node, cluster):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node.write("code", "1")
    assert "n2 is not known to be down" in node("etc/web.stonith start", code=1).stdout


def test_what_is_configured_to_fence_nobody_ends_the_start(node, cluster):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node.write("etc/cluster.conf", "[cluster]\nnodes = n1 n2\n")
    assert "nothing is configured to fence n2" in node("etc/web.stonith start", code=1).stdout


def test_a_fence_that_hangs_is_given_up_at_its_limit(node, cluster):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node.write("fence", "#!/bin/sh\nsleep 600\n", mode=0o755)
    node.write("etc/cluster.conf", FENCED + "timeout = 1s\n")
    node("etc/web.stonith start", code=1)


# -- what a start may take over

CLAIM = """import sys
from opensvc_core.api import Node, Request
from opensvc_core.instance import manager

node = Node(sys.argv[1], nodename="n1")
service = node.service("web")
said = frozenset(sys.argv[3:])
request = Request("start", by_manager=sys.argv[2] == "manager", confirmed_down=said)
request = manager.as_confirmed(service, request, service.journal(lambda event: None))
print(*sorted(request.confirmed_down))
"""


@pytest.fixture
def handed_on(node):
    """The nodes that a start takes to be down."""

    def ask(who="manager", said=""):
        program = node.write("claim.py", CLAIM)
        return node(f"{sys.executable} {program} {node.folder} {who} {said}").stdout.split()

    return ask


def test_a_confirmed_stonith_is_handed_on_once(node, cluster, handed_on):
    cluster.declare(check="/etc/opensvc/web.stonith")
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node("etc/web.stonith start")
    assert handed_on() == ["n2"]
    assert handed_on() == []


def test_without_a_stonith_nothing_is_handed_on_and_that_is_told(node, cluster, handed_on):
    cluster.declare(check="/usr/local/sbin/check")
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    assert handed_on() == []
    assert UNCONFIRMED in node("etc/web.cluster start").stdout


def test_what_the_manager_says_of_its_own_fence_is_believed(node, cluster):
    cluster.declare(check="/usr/local/sbin/check")
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    assert "is silent" not in node("etc/web.cluster start --confirm-down n2").stdout
    assert node.is_up("web", "fs#1")


def test_of_who_is_heard_nobody_believes_that_it_is_dead(node, cluster, handed_on):
    cluster.declare(check="/usr/local/sbin/check")
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    assert handed_on(said="n2") == ["n2"]
    cluster.say(n1=State.STARTING, n2=State.STOPPED)
    assert handed_on(said="n2") == []


def test_a_failed_stonith_takes_back_an_earlier_one(node, cluster, handed_on):
    cluster.declare(check="/etc/opensvc/web.stonith")
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node("etc/web.stonith start")
    node.write("code", "1")
    node("etc/web.stonith start", code=1)
    assert handed_on() == []


@pytest.mark.parametrize("check", ["/bin/true", "/usr/bin/true"])
def test_where_true_stands_in_its_place_it_is_handed_on_with_a_warning(node, cluster, handed_on, check):
    cluster.declare(check=check)
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    assert handed_on() == ["n2"]
    told = node("etc/web.cluster start").stdout
    assert f"WARNING WEB.HB#0                {UNCHECKED}" in told
    assert node.is_up("web", "fs#1")


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (State.STARTING, State.STOPPED),
        (State.STARTED, State.UNKNOWN),
        (State.STOPPED, State.UNKNOWN),
        (State.STARTING, State.STARTED),
    ],
    ids=str,
)
def test_any_other_start_is_handed_nothing(node, cluster, handed_on, own, other):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node("etc/web.stonith start")
    cluster.say(n1=own, n2=other)
    assert handed_on() == []
    assert "is silent" not in node("etc/web.cluster start").stdout


def test_a_start_that_is_not_the_manager_s_is_handed_nothing(node, cluster, handed_on):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node("etc/web.stonith start")
    assert handed_on("person") == []


def test_what_was_confirmed_in_an_earlier_boot_is_not(node, cluster, handed_on):
    cluster.declare(check="/etc/opensvc/web.stonith")
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node("etc/web.stonith start")
    (file,) = (node / "var").rglob("fenced.json")
    file.write_text(file.read_text().replace('"boot": "', '"boot": "x'))
    assert handed_on() == []


def test_what_was_confirmed_long_ago_is_not(node, cluster, handed_on):
    cluster.declare(check="/etc/opensvc/web.stonith")
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    node("etc/web.stonith start")
    (file,) = (node / "var").rglob("fenced.json")
    file.write_text(file.read_text().replace('"moment": ', '"moment": 0.0, "then": '))
    assert handed_on() == []


def test_who_acts_while_the_manager_is_away_is_handed_nothing(node, cluster, handed_on):
    cluster.say(n1=State.STARTING, n2=State.UNKNOWN)
    cluster.end()
    assert handed_on() == []
    node("svcmgr -s web start --cluster")
    assert node.is_up("web", "fs#1")
