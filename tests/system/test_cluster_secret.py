"""The rotation of the cluster's secret with real nodes: nobody is silent meanwhile, and a rotation that was cut goes on."""

import json

import pytest
from cluster import Cluster

ROTATE = "om cluster rotate-secret --time 60"


@pytest.fixture
def cluster(lab):
    made = Cluster(lab, timeout=3.0)  # a machine may stall, and that is no silence of the rotation's
    made.start()
    return made


def get(node, key):
    return node(f"om cluster get --kw cluster.{key}", code=None).stdout.strip()


def secrets(cluster):
    return {(get(node, "secret"), get(node, "next_secret")) for node in cluster.nodes}


def killed(node):
    """Kill a rotation when the next secret is there; that. One that was quicker than its killer is repeated."""
    kill = "until grep -q next_secret /etc/opensvc/cluster.conf; do kill -0 $! || exit 0; done; kill -9 $!; wait $!"
    for _ in range(10):
        done = node(f"bash -c '{ROTATE} & {kill}'", code=None)
        if done.code == 137 and (following := get(node, "next_secret")):
            return following
    raise AssertionError(done)


def silences(node):
    """How often a peer was not heard, since the daemon began."""
    return [line for line in node.read("/var/log/opensvc/node.log").splitlines() if "is silent" in line]


@pytest.mark.timeout(600)
def test_a_rotation_leaves_all_members_heard_and_may_be_repeated(cluster):
    n1, n2 = cluster.nodes
    before, old = silences(n1) + silences(n2), get(n1, "secret")
    said = n1(ROTATE).stdout
    assert "the old secret is forgotten" in said
    found = secrets(cluster)
    assert len(found) == 1
    assert {(old, "")} != found
    n2(ROTATE)
    assert len({*found, *secrets(cluster)}) == 2
    assert silences(n1) + silences(n2) == before


@pytest.mark.timeout(600)
def test_a_rotation_that_was_killed_goes_on_with_the_same_secret(cluster):
    n1, n2 = cluster.nodes
    before = silences(n1) + silences(n2)
    following = killed(n1)
    assert len(following) == 32
    n2.wait_for(lambda: get(n2, "next_secret") == following)
    n2(ROTATE)
    assert secrets(cluster) == {(following, "")}
    assert silences(n1) + silences(n2) == before


@pytest.mark.timeout(600)
def test_a_rotation_is_refused_while_a_member_is_not_heard(cluster):
    n1, n2 = cluster.nodes
    old = get(n1, "secret")
    n2.power_off()
    n1.wait_for(lambda: json.loads(n1("om mon --format json").stdout)["nodes"]["n2"]["reach"] != "beating")
    done = n1(ROTATE, code=5)
    assert "n2: not heard" in done.stderr
    assert (get(n1, "secret"), get(n1, "next_secret")) == (old, "")
