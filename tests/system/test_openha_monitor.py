"""A monitored resource goes down under the manager of OpenHA, and no daemon runs: it is started again, or the other node takes over."""

import json

import pytest

EZ = "/usr/local/cluster"
MONITOR = "n1 net eth0 239.131.50.10 5010 3\nn2 net eth0 239.131.50.11 5011 3\n"
SERVICE = """\
[DEFAULT]
nodes = n1 n2
{of_service}[fs#1]
type = flag
monitor = true
{of_fs}[hb#0]
type = OpenHA
"""
FLAG = "/run/opensvc/svc/web/fs#1.flag"
ROUND = "nodemgr schedule run"


def state(node, of):
    """The state of the service on a node, as one of them says."""
    (line,) = [line for line in node(f"{EZ}/bin/service -s").stdout.splitlines() if f": {of}, " in line]
    return line.rpartition(" ")[2]


def started(lab, of_fs="", of_service=""):
    """The nodes, where the service is STARTED on n1 and STOPPED, ready to start, on n2."""
    for node in lab.nodes:
        node.write("/etc/opensvc/web.conf", SERVICE.format(of_fs=of_fs, of_service=of_service))
        node("openha install")
        node.write(f"{EZ}/conf/nodes", "n1\nn2\n")
        node.write(f"{EZ}/conf/monitor", MONITOR)
        node("svcmgr -s web print status")
        node(f"{EZ}/bin/service -a web /etc/opensvc/web.cluster n1 n2 /bin/true")
        node(f"{EZ}/ezha start")
    n1, n2 = lab.nodes
    for node, other in ((n1, "n2"), (n2, "n1")):
        node.wait_for(lambda n=node, o=other: state(n, o) == "FROZEN_STOP", 60)
    n1(f"{EZ}/bin/service -A web unfreeze")
    n2.wait_for(lambda: state(n2, "n1") == "STARTED", 60)
    n2(f"{EZ}/bin/service -A web unfreeze")
    n1.wait_for(lambda: state(n1, "n2") == "STOPPED", 60)
    return n1, n2


def flag(node):
    """The status of the monitored resource, and what the agent says of the cluster."""
    found = json.loads(node("om web print status --format json", code=None).stdout)["resources"]
    return found["fs#1"]["status"], found["hb#0"]["status"]


@pytest.mark.timeout(600)
def test_a_monitored_resource_that_stays_down_moves_the_service(lab):
    n1, n2 = started(lab)
    assert "resource_monitor" in n1("svcmgr -s web print schedule").stdout
    assert n1(ROUND).stdout == ""
    n1(f"rm '{FLAG}'")
    n1("rm /var/lib/opensvc/svc/web/scheduler/last_resource_monitor")  # a minute has passed
    said = n1(ROUND).stdout
    assert "fs#1 is down: the cluster manager is asked to stop it here, n2 is to take it over" in said
    assert state(n1, "n1") == "FROZEN_STOP"
    n2.wait_for(lambda: state(n2, "n2") == "STARTED", 60)
    assert flag(n2) == ("up", "up")
    assert flag(n1) == ("down", "warn")
    assert "the cluster manager does not have it started here" in n1("svcmgr -s web resource monitor").stdout
    # nobody is left to take it over: it stays, and that is told once
    n2(f"rm '{FLAG}'")
    refused = n2("svcmgr -s web resource monitor").stdout
    assert "it is not given away, n1 would not start it: the cluster has it FROZEN_STOP there" in refused
    assert state(n2, "n2") == "STARTED"
    # a person has mended n1
    n1(f"{EZ}/bin/service -A web unfreeze")
    n2.wait_for(lambda: state(n2, "n1") == "STOPPED", 60)
    n2("om web resource monitor")
    n1.wait_for(lambda: state(n1, "n1") == "STARTED", 60)
    assert flag(n1) == ("up", "up")
    assert state(n2, "n2") == "FROZEN_STOP"


@pytest.mark.timeout(600)
def test_with_a_restart_it_is_started_again_and_during_a_stop_nothing_is_done(lab):
    n1, n2 = started(lab, of_fs="restart = 1\npost_stop = sh -c 'touch /run/stopped; while test -e /run/hold; do sleep 0.2; done'\n")
    n1(f"rm '{FLAG}'")
    said = n1(ROUND).stdout
    assert "fs#1 is down: it is started again, 1 of 1" in said
    assert flag(n1) == ("up", "up")
    assert (state(n1, "n1"), state(n2, "n2")) == ("STARTED", "STOPPED")
    # the manager is at its stop: the resource is down, and nothing else is
    n1.write("/run/hold", "")
    n1(f"sh -c '{EZ}/bin/service -A web freeze-stop >/run/asked 2>&1 &'")
    n1.wait_for(lambda: n1.exists("/run/stopped"), 60)
    assert not n1.exists(FLAG)
    assert "the cluster manager does not have it started here" in n1("svcmgr -s web resource monitor").stdout
    n1("rm /run/hold")
    n2.wait_for(lambda: state(n2, "n2") == "STARTED", 60)
    assert state(n1, "n1") == "FROZEN_STOP"
    # the same in the manager's place, which goes on to say STARTED
    n2.write("/run/hold", "")
    n2("sh -c '/etc/opensvc/web.cluster stop >/run/asked 2>&1 &'")
    n2.wait_for(lambda: n2.exists("/run/stopped"), 60)
    said = n2("svcmgr -s web resource monitor").stdout
    assert "holds the lock" in said
    assert "nothing is done meanwhile" in said
    n2("rm /run/hold")
    n2.wait_for(lambda: "was stopped here last" in n2("svcmgr -s web resource monitor").stdout, 60)
    assert state(n2, "n2") == "STARTED"
    assert not n2.exists(FLAG)


@pytest.mark.timeout(600)
def test_where_the_daemon_runs_it_does_it_by_its_schedule_once(lab):
    n1, n2 = started(lab, of_service="monitor_schedule = @10s\norchestrate = ha\nmonitor_action = switch\n")
    n1("om daemon start")
    n1.wait_for(lambda: n1.exists("/var/lib/opensvc/svc/web/scheduler/last_resource_monitor"), 120)
    n1(f"rm '{FLAG}'")
    n1.wait_for(lambda: state(n1, "n1") == "FROZEN_STOP", 120)
    n2.wait_for(lambda: state(n2, "n2") == "STARTED", 60)
    n1.wait_for(lambda: "it is stopped here, and stays so" in n1("svcmgr -s web logs").stdout, 60)
    logs = n1("svcmgr -s web logs").stdout
    assert logs.count("the cluster manager is asked to stop it here, n2 is to take it over") == 1
    assert "it is started again" not in logs
    # neither the daemon nor the manager starts it here while it is up there
    assert state(n1, "n1") == "FROZEN_STOP"
    assert not n1.exists(FLAG)
    n1("om daemon stop")
