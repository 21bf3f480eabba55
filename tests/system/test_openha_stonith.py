"""A node dies, and the manager of OpenHA asks `<service>.stonith` before it takes the service over."""

import json

EZ = "/usr/local/cluster"
MONITOR = "n1 net eth0 239.131.50.10 5010 3\nn2 net eth0 239.131.50.11 5011 3\n"
SERVICE = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n[hb#0]\ntype = OpenHA\n"
FENCE = "[cluster]\nnodes = n1 n2\n[stonith#n1]\ncmd = /root/fence\n[stonith#n2]\ncmd = /root/fence\n"


def cluster(lab, code, check="/etc/opensvc/web.stonith", options=""):
    """The service is started on n1, and can be taken over by n2, where a fence ends with this exit code."""
    for node in lab.nodes:
        node.write("/etc/opensvc/web.env", SERVICE)
        node.write("/etc/opensvc/cluster.conf", FENCE)
        node.write("/root/fence", f"#!/bin/sh\necho $OPENSVC_FENCED_NODE >>/root/fenced\nexit {code}\n", 0o755)
        node("openha install")
        node.write(f"{EZ}/conf/nodes", "n1\nn2\n")
        node.write(f"{EZ}/conf/monitor", MONITOR)
        node.write(f"{EZ}/conf/options", options)
        node("svcmgr -s web print status")
        node(f"{EZ}/bin/service -a web /etc/opensvc/web.cluster n1 n2 {check}")
    for node in lab.nodes:
        node(f"{EZ}/ezha start")
    n1, n2 = lab.nodes
    for node, other in ((n1, "n2"), (n2, "n1")):
        node.wait_for(lambda n=node, o=other: f"{o}, FROZEN_STOP" in n(f"{EZ}/bin/service -s").stdout, 60)
    n1(f"{EZ}/bin/service -A web unfreeze")
    n2.wait_for(lambda: "n1, STARTED" in n2(f"{EZ}/bin/service -s").stdout, 60)
    n2(f"{EZ}/bin/service -A web unfreeze")
    assert not n2.exists("/root/fenced")
    assert not n1.exists("/root/fenced")  # n2 was seen, and had it down
    return n1, n2


def status(node):
    """The resource, and the flag."""
    found = json.loads(node("om web print status --format json", code=None).stdout)["resources"]
    return found["hb#0"]["status"], found["fs#1"]["status"]


def lost(lab, *, code, comes_to):
    """The other node, once it has done what it does where the first one is gone and its fence ends with a code."""
    n1, n2 = cluster(lab, code=code)
    n1.power_off()
    n2.wait_for(lambda: f"n2, {comes_to}" in n2(f"{EZ}/bin/service -s").stdout, 90)
    assert n2.read("/root/fenced").split() == ["n1"]
    return n2


def test_a_node_that_is_fenced_loses_its_service_to_the_other(lab):
    n2 = lost(lab, code=0, comes_to="STARTED")
    assert status(n2) == ("up", "up")
    n2(f"{EZ}/ezha stop")


def test_where_the_fence_fails_nothing_is_started(lab):
    n2 = lost(lab, code=1, comes_to="START_FAILED")
    assert status(n2) == ("warn", "down")
    assert "n1 is not known to be down" in n2("svcmgr -s web logs").stdout
    n2(f"{EZ}/ezha stop")


def test_what_the_manager_itself_has_fenced_is_handed_on(lab):
    """The check script is one of the site, which confirms nothing; the fence of conf/options does."""
    for node in lab.nodes:
        node.write("/root/guard", "#!/bin/sh\necho $1 >>/root/fenced\n", 0o755)
        node.write("/root/check", "#!/bin/sh\n", 0o755)
    n1, n2 = cluster(lab, code=1, check="/root/check", options="fence /root/guard\n")
    n1.power_off()
    n2.wait_for(lambda: "n2, STARTED" in n2(f"{EZ}/bin/service -s").stdout, 90)
    assert n2.read("/root/fenced").split() == ["n1"]
    assert status(n2) == ("up", "up")
    assert "has not confirmed that it is down" not in n2("svcmgr -s web logs").stdout
    n2(f"{EZ}/ezha stop")
