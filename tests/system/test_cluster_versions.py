"""Daemons of two protocols in one cluster, as in the middle of an upgrade: what goes on, what waits, and what is told of it."""

import re
from pathlib import Path

import pytest
from cluster import Cluster
from cluster.services import Trial
from opensvc_daemon.monitor import telling

TRIAL = Trial(more="guard = none", app="restart = 100")


def speak(node, protocol):
    """Have the daemon that begins on a node say that it speaks a protocol: one file of it is another one there."""
    place, text = telling.__file__, Path(telling.__file__).read_text(encoding="utf-8")
    node.write("/root/telling.py", re.sub(r"(?m)^PROTOCOL = .*$", f"PROTOCOL = {protocol}", text))
    node(f"mount --bind /root/telling.py {place}")
    node("om daemon restart", PYTHONDONTWRITEBYTECODE="1")


@pytest.mark.timeout(120)
def test_a_service_is_kept_and_taken_over_while_nodes_speak_two_protocols(lab):
    cluster = Cluster(lab, timeout=3.0)
    n1, n2 = cluster.nodes
    cluster.start()
    cluster.add(TRIAL)
    newer = telling.PROTOCOL + 1
    speak(n2, newer)
    cluster.wait_heard()
    cluster.wait(lambda: cluster.document(n1)["nodes"]["n2"]["version"] == newer, "n1 has heard of it")
    # what the newer one tells is understood, and the service is kept where it is
    cluster.wait_told("svc1", "n1")
    assert f"n2 runs daemon protocol {newer}, this node {telling.PROTOCOL}: upgrade the older one" in n1("om svc1 explain").stdout
    cluster.client(n1).post("/v1/services/svc1/requests", {"wish": "freeze", "to": []})
    cluster.wait(lambda: all(one["frozen"] for one in cluster.instances(n2).values()), "n2 has frozen it, too")
    cluster.ask(n2, "svc1", "thaw")
    done = n1("om svc1 switch --to n2 --wait --time 10", code=5)
    assert f"svc1 can't go to n2: it runs daemon protocol {newer}, this node {telling.PROTOCOL}; upgrade the older one first" in done.stderr
    cluster.stays("n1", seconds=1)
    # the node that is left takes it over
    n1.power_off()
    cluster.wait_alive("n2")
    # both speak the same again
    n2(f"umount {telling.__file__}")
    n2("om daemon restart")
    cluster.begin()
    cluster.wait(lambda: cluster.document(n1)["nodes"]["n2"]["version"] == telling.PROTOCOL, "n1 has heard of it")
    cluster.ask(n1, "svc1", "takeover", "n1")
    cluster.wait_told("svc1", "n1")
    cluster.audit()
