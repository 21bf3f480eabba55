"""What the files of configuration say to beat."""

import pytest
from opensvc_daemon.beat.setup import numbers, of_node, terms_of
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.lease.membership import Member
from opensvc_daemon.lease.terms import LeaseTerms

from opensvc_core.instance.node import Node

CLUSTER = "[cluster]\nname = c\nid = 1234\nnodes = n1 n2\ndrpnodes = n3\nsecret = 00112233445566778899aabbccddeeff\n"


@pytest.fixture
def read(tmp_path):
    def made(text):
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / "cluster.conf").write_text(text)
        return of_node(Node(tmp_path, nodename="n1"))

    return made


def test_a_cluster(read):
    found = read(CLUSTER)
    assert (found.node, found.cluster, found.id, found.members) == ("n1", "c", "1234", ("n1", "n2", "n3"))
    assert found.keyring.secrets[0].value == bytes.fromhex("00112233445566778899aabbccddeeff")
    assert found.voters.members == (Member("n1"), Member("n2"))
    assert (found.lease_terms, found.terms, found.watchdog, found.findings) == (LeaseTerms(), Terms(), None, ())


def test_a_node_alone(read):
    found = read("")
    assert (found.members, found.voters.members, found.keyring, dict(found.links)) == (("n1",), (), None, {})
    assert "cluster.secret is missing" in found.findings[0]


def test_the_next_secret_is_held_too(read):
    assert len(read(CLUSTER + "next_secret = another one of sixteen letters\n").keyring.secrets) == 2
    assert len(read(CLUSTER + "next_secret = 00112233445566778899aabbccddeeff\n").keyring.secrets) == 1


def test_a_secret_that_can_be_guessed_is_none(read):
    found = read("[cluster]\nsecret = short\n")
    assert found.keyring is None
    assert "can be guessed" in found.findings[0]
    assert "'short'" not in str(found)


def test_the_terms_of_leases(read):
    found = read(CLUSTER + "lease = 6s\nlease_renewal = 0.5\nlease_stop_limit = 3\nlease_drift = 0.02\n")
    assert found.lease_terms == LeaseTerms(6.0, 0.5, 3.0, 0.02)
    assert found.voters.lease == 6.0


@pytest.mark.parametrize("text", ["lease = 5\n", "lease_drift = 3\n", "lease_drift = nan\n"])
def test_terms_that_do_not_fit_are_told_and_not_used(read, text):
    found = read(CLUSTER + text)
    assert found.lease_terms == LeaseTerms()
    assert "the defaults are used" in found.findings[0]


def test_arbitrators_vote_too(read):
    found = read(CLUSTER + "[arbitrator#a]\nuri = tcp://10.0.0.9:1216\nweight = 2\n[arbitrator#n2]\nuri = tcp://10.0.0.8\n[arbitrator#b]\n")
    assert [place.name for place in found.arbitrators] == ["a"]
    assert Member("a", 2) in found.voters.members
    assert len(found.voters.members) == 3
    assert any("a node has that name" in text for text in found.findings)


def test_a_watchdog(read):
    found = read(CLUSTER + "[watchdog#0]\ndev = /dev/null\ntimeout = 4s\n")
    assert (found.watchdog.id, found.watchdog.detail, found.watchdog.timeout) == ("watchdog.device", "/dev/null", 4.0)
    assert found.findings == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("[watchdog#0]\ndev = /dev/null\ntimeout = 30s\n", "watchdog#0: a watchdog of 30 s", id="too patient"),
        pytest.param("[watchdog#0]\ndev = /dev/none\n", "watchdog#0: there is no device /dev/none on this node", id="no device"),
        pytest.param("[watchdog#0]\ntype = nosuch\n", "watchdog#0: no installed plugin provides watchdog.nosuch", id="no driver"),
        pytest.param("[watchdog#0]\ntimeout = soon\n", "soon", id="bad value"),
        pytest.param(
            "[watchdog#0]\ndev = /dev/null\n[watchdog#1]\n", "watchdog#1: a node has one watchdog, that of watchdog#0", id="a second one"
        ),
    ],
)
def test_what_is_wrong_with_a_watchdog_is_told(read, text, says):
    found = read(CLUSTER + text)
    assert found.watchdog is not None
    (finding,) = found.findings
    assert says in finding


class Way:
    def __init__(self, interval, timeout):
        self.interval, self.timeout = interval, timeout


@pytest.mark.parametrize(
    ("ways", "terms"),
    [
        ([], Terms()),
        ([Way(1.0, 5.0)], Terms(1.0, 5.0, 2.0)),
        ([Way(5.0, 15.0)], Terms(5.0, 15.0, 7.5)),
        ([Way(0.05, 0.2)], Terms(0.05, 0.2, 0.1)),
        ([Way(1.0, 5.0), Way(0.5, 3.0)], Terms(0.5, 5.0, 2.0)),
    ],
    ids=["none", "default", "older", "fast", "two"],
)
def test_the_times_of_all_links_together(ways, terms):
    found, findings = terms_of(ways)
    assert (found, findings) == (terms, ())
    assert not found.findings()


@pytest.mark.parametrize(("interval", "timeout"), [(3.0, 5.0), (5.0, 5.0), (0.0, 5.0), (1.0, 0.0)])
def test_times_that_do_not_fit_are_told_and_made_to_fit(interval, timeout):
    found, findings = terms_of([Way(interval, timeout)])
    assert findings
    assert not found.findings()


def test_all_nodes_give_a_link_the_same_number():
    assert numbers(["hb#2", "hb#10", "hb#disk"])["hb#10"] == 10
    assert numbers(["hb#2", "hb#disk"])["hb#disk"] == numbers(["hb#disk", "hb#1"])["hb#disk"]
    many = numbers([f"hb#{number}" for number in range(40)])
    assert len(many) == 32 == len(set(many.values()))
