"""Commands on a cluster of two nodes with their real daemons: what one node orders, the other does and tells."""

import json
import re
import shlex

import pytest
from cluster.joining import joined

FLAG = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n"


def is_up(node):
    return node.exists("/run/opensvc/svc/svc1/fs#1.flag")


@pytest.fixture
def pair(lab):
    """Two members; the service is made on the first one."""
    n1, n2 = joined(lab)
    n1.write("/etc/opensvc/svc1.conf", FLAG)
    for node in (n1, n2):
        node.wait_for(lambda node=node: re.search(r"^ svc1 .*\| X\^ +X", node("om mon").stdout, re.MULTILINE))
    return n1, n2


@pytest.mark.timeout(600)
def test_orders_are_done_where_they_belong_and_told_everywhere(pair):
    n1, n2 = pair
    n2("om svc1 start --wait --time 60")
    assert is_up(n1)
    assert not is_up(n2)
    n1("om svc1 switch --wait --time 60")
    assert is_up(n2)
    logs = n1("om svc1 logs").stdout
    assert "@ n:n2 o:svc1 r:fs#1 sc:n" in logs
    assert "@ n:n1 o:svc1 r:fs#1 sc:n" in logs
    n1("om node drain --node n2 --wait --time 60")
    assert not is_up(n2)
    n1("om node undrain --node n2")
    n1("om svc1 takeover --to n2 --wait --time 60")
    assert is_up(n2)
    n1("om svc1 stop --wait --time 60")
    assert not is_up(n2)
    n2.wait_for(lambda: n2("om svc1 print status").stdout.count("frozen") == 2)


@pytest.mark.timeout(600)
def test_a_service_is_explained_as_the_other_node_sees_it_and_decisions_are_replayed(pair):
    n1, n2 = pair
    n1("om svc1 start --wait --time 60")
    n2("om node freeze")
    n1.wait_for(lambda: "n2 is frozen" in n1("om svc1 explain").stdout)
    told = n1("om svc1 explain --node n2").stdout
    assert "  as n2 sees it\n" in told
    assert re.search(r"^    node\.frozen +- +X$", told, re.MULTILINE)
    n1.write("/etc/opensvc/own.conf", FLAG.replace("n1 n2", "n1"))
    n2.wait_for(lambda: " own " in n2("om mon").stdout)
    assert "    may run it: n1 " in n2("om own explain").stdout
    for node in (n1, n2):
        assert re.fullmatch(r"[1-9]\d* decisions, none would be another one today\n", node("om daemon replay").stdout)


@pytest.mark.timeout(600)
def test_one_direction_of_a_heartbeat_can_be_stopped(pair):
    n1, n2 = pair
    n1("om daemon stop hb#1.rx")
    n1.wait_for(lambda: "hb#1.rx   stopped" in n1("om mon").stdout)
    n1("om daemon start hb#1.rx")
    n1.wait_for(lambda: "hb#1.rx   running" in n1("om mon").stdout)
    n2.wait_for(lambda: "hb#1.rx   running [::]:10000    | O" in n2("om mon").stdout)


@pytest.mark.timeout(600)
def test_a_member_leaves_and_takes_nothing_with_it(pair):
    n1, n2 = pair
    n1("om svc1 start --local")
    n2("om daemon leave")
    n1.wait_for(lambda: n1("om node ls").stdout == "n1\n")
    assert is_up(n1)
    assert n2("om cluster get --kw hb#1.type", code=1).stdout == ""


def ask(node, service, body):
    """A request by the API alone; its code and answer."""
    url = f"http://localhost/v1/services/{service}/requests"
    words = ["curl", "-s", "-w", "\\n%{http_code}", "--unix-socket", "/run/opensvc/api.sock", "-d", json.dumps(body), url]
    answer, _, code = node(shlex.join(words)).stdout.rpartition("\n")
    return int(code), json.loads(answer)


@pytest.mark.timeout(600)
def test_the_api_moves_a_frozen_service_as_the_command_line_does(pair):
    n1, n2 = pair
    n1("om svc1 start --wait --time 60")
    n1("om svc1 freeze --wait --time 60")
    assert ask(n2, "svc1", {"wish": "switch"})[0] == 202
    n2.wait_for(lambda: is_up(n2) and not is_up(n1))
    n1.wait_for(lambda: "frozen" not in n1("om svc1 print status").stdout)
    assert ask(n1, "svc1", {"wish": "takeover"})[0] == 202
    n1.wait_for(lambda: is_up(n1) and not is_up(n2))


def document(node):
    """All that a node knows."""
    return json.loads(node("om mon --format json").stdout)


def provisioned(node, service):
    """What is told of the instances of a service."""
    found = document(node)["services"].get(service, {}).get("instances", {})
    return [one.get("provisioned") for one in found.values()]


@pytest.mark.timeout(600)
def test_what_can_not_be_is_refused_at_once(pair):
    n1, n2 = pair
    n1.write("/etc/opensvc/data.conf", "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = directory\npath = /srv/data\n")
    n1.wait_for(lambda: provisioned(n1, "data") == [False, False])
    done = n1("om data start --wait --time 60", code=5)
    assert "data is not provisioned on n1, n2: 'om data provision' makes what it needs" in done.stderr
    n2.power_off()
    n1.wait_for(lambda: "silent" in n1("om mon").stdout)
    assert "svc1 can't go to n2: it does not answer" in n1("om svc1 switch --to n2", code=5).stderr


@pytest.mark.timeout(600)
def test_a_service_of_which_nothing_is_made_needs_no_provision(pair):
    n1, n2 = pair
    n1.write("/etc/opensvc/web.conf", "[DEFAULT]\nnodes = n1 n2\n[ip#1]\nipname = 10.99.0.77\nnetmask = 24\nipdev = eth0\n")
    n2.wait_for(lambda: re.search(r"^ web .*\| X", n2("om mon").stdout, re.MULTILINE))
    n1("om web start --wait --time 60")
    assert "10.99.0.77" in n1("ip -4 addr").stdout


HANGING = """[DEFAULT]
nodes = n1 n2
orchestrate = no
[fs#1]
type = flag
[app#1]
type = forking
start = sh -c "echo $$ > /run/hangs; exec sleep 3000"
stop = /bin/true
check = /bin/false
start_timeout = 50m
"""


@pytest.mark.timeout(600)
def test_an_abort_ends_a_start_that_hangs_and_takes_it_back(pair):
    n1, n2 = pair
    n1.write("/etc/opensvc/svc1.conf", HANGING)
    for node in (n1, n2):
        node.wait_for(lambda node=node: "app#1" in json.dumps(document(node)["services"]["svc1"]["instances"][node.name]))
    n1("om svc1 start")
    n1.wait_for(lambda: n1.exists("/run/hangs") and n1.read("/run/hangs").strip())
    n2.wait_for(lambda: "starting" in n2("om mon").stdout)
    assert is_up(n1)
    n2("om svc1 abort --wait --time 100")
    n1(f"kill -0 {n1.read('/run/hangs').strip()}", code=1)
    assert not is_up(n1)
    n2.wait_for(lambda: "start failed" in n2("om mon").stdout)
    assert "interrupt: requested: abort" in n1("om svc1 logs").stdout
    n1("om svc1 clear --wait --time 100")
    assert "start failed" not in n1("om mon").stdout
