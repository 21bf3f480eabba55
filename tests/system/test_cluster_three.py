"""Three nodes: one joins the two that are there, is left, comes back; what is told of all of them on each."""

import json
import select
from threading import Thread

import pytest
from cluster import Cluster
from cluster.services import Trial

pytestmark = [pytest.mark.lab(nodes=3), pytest.mark.timeout(600)]
NODES = {"n1", "n2", "n3"}


@pytest.fixture(scope="module")
def cluster(module_lab):
    """A service on n1, in a cluster of n1 and n2, that n3 has joined."""
    made = Cluster(module_lab, names=["n1", "n2"], timeout=1.0, ready_period=0.3)
    made.start()
    module_lab["n2"]("om daemon rejoin")  # two nodes with one file have no authority in common yet
    n3 = module_lab["n3"]
    n3("om daemon start")
    said = n3("om daemon join --secret - --node n2", stdin=module_lab["n1"]("om cluster get --kw cluster.secret").stdout)
    assert [line.strip() for line in said.stdout.splitlines()] == [
        "@ n:n3", "freeze local node", "add heartbeat hb#1", "join node n2", "thaw local node",
    ]  # fmt: skip
    made.nodes.append(n3)
    made.wait_heard()
    made.add(Trial(nodes="n1 n2 n3", address="10.99.0.50"))
    return made


@pytest.fixture
def nodes(cluster):
    """The three, with the service up on n1 and everything back."""
    cluster.restore(Trial())
    return cluster.nodes


def moved(cluster, *names):
    """It has gone to one of some nodes, and every node says so."""
    cluster.wait(lambda: len(cluster.alive()) == 1 and cluster.alive() <= set(names), f"it is alive on one of {names}")
    (name,) = cluster.alive()
    cluster.wait_told("svc1", name)
    return name


def test_a_third_node_that_joined_is_a_member_for_all(cluster, nodes):
    texts = {node.read("/etc/opensvc/cluster.conf") for node in nodes}
    assert len(texts) == 1
    for node in nodes:
        assert node("om node ls").stdout.split() == ["n1", "n2", "n3"]
        lines = node("om mon").stdout.splitlines()
        (row,) = [line for line in lines if line.startswith(" hb#1.rx")]
        assert row.partition("|")[2].split().count("O") == 2


def test_a_drain_of_the_third_node_and_of_the_first_leaves_it_on_the_second(cluster, nodes):
    n1, n2, n3 = nodes
    n2("om node drain --node n3 --wait --time 60")
    n2("om node drain --node n1 --wait --time 60")
    assert moved(cluster, *NODES) == "n2"
    for node in (n1, n3):
        node("om node undrain")
    cluster.audit()


def test_the_crash_of_a_node_moves_the_service_to_one_of_the_two_that_are_left(cluster, nodes):
    n1 = nodes[0]
    n1.power_off()
    cluster.wait(lambda: cluster.alive() - {"n1"}, "it was taken over")
    cluster.wait(lambda: len(cluster.alive()) == 1, "it is alive on one of them")
    n1.power_on()
    n1("om daemon start")
    cluster.wait_heard()
    name = moved(cluster, "n2", "n3")
    cluster.stays(name, seconds=1)
    cluster.audit()


def test_a_member_whose_files_were_lost_comes_back_by_rejoin(cluster, nodes):
    n1, _, n3 = nodes
    n3("rm -r /var/lib/opensvc/node/trust")
    n3("om daemon rejoin --node n1")
    cluster.wait_heard()
    assert n3.exists("/var/lib/opensvc/node/trust/node.pem")
    assert n3.read("/var/lib/opensvc/node/trust/ca.pem") == n1.read("/var/lib/opensvc/node/trust/ca.pem")
    n3.wait_for(lambda: json.loads(n3("om mon --format json").stdout)["nodes"]["n3"].get("frozen") in (None, False))
    # its certificate counts for a member: the log of another node comes over the API
    n3.wait_for(lambda: "@ n:n1 o:svc1" in n3("om svc1 logs").stdout)


def test_logs_that_are_followed_come_from_all_nodes(cluster, nodes):
    n3 = nodes[2]
    follower = n3.begin("om svc1 logs -f --lines 0")
    told = []
    reader = Thread(target=lambda: told.extend(iter(follower.stdout.readline, "")))
    reader.start()
    wanted = {f"@ n:{name} o:svc1 sc:n\n" for name in NODES}
    # it takes a while to begin: the first moves may be over by then
    for _ in range(5):
        for name in ("n2", "n3", "n1"):
            n3(f"om svc1 switch --to {name} --wait --time 60")
        if wanted <= set(told):
            break
    n3.wait_for(lambda: wanted <= set(told))
    assert "can't be reached" not in "".join(told)
    n3("pkill -f 'om svc1 logs -f'", code=None)
    reader.join(60)


def test_events_are_numbered_upwards_and_only_those_that_were_asked_for_come(cluster, nodes):
    n2 = nodes[1]
    followers = {
        "all": n2.begin("om events --format json"),
        "some": n2.begin("om events --kind request,instance --format json"),
        "svc1": n2.begin("om events --service svc1 --format json"),
    }
    for follower in followers.values():
        hear(follower, n2)
    n2("om svc1 switch --to n3 --wait --time 60")
    found = {name: until_done(follower) for name, follower in followers.items()}
    for events in found.values():
        ids = [event["id"] for event in events]
        assert ids == sorted(set(ids))
    assert {event["kind"] for event in found["some"]} == {"request", "instance"}
    assert {event["service"] for event in found["svc1"]} == {"svc1"}
    assert {event["kind"] for event in found["all"]} >= {"request", "instance"}
    first = found["all"][0]["id"]
    again = n2.begin(f"om events --after {first} --format json")
    assert [event["id"] for event in until_done(again)][: len(found["all"]) - 1] == [event["id"] for event in found["all"][1:]]


def hear(follower, node):
    """Have something happen until it tells of it: it takes a moment to begin."""
    while not select.select([follower.stdout], [], [], 0.2)[0]:
        node("om svc1 clear")


def until_done(follower):
    """Its events until one tells that the switch is done."""
    events = []
    while not (events and is_switched(events[-1])):
        line = follower.stdout.readline()
        assert line, f"it has ended: {events}"
        events.append(json.loads(line))
    follower.terminate()
    return events


def is_switched(event):
    return event["kind"] == "request" and (event["data"]["wish"], event["data"]["progress"]) == ("switch", "done")
