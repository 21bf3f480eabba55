"""Services of a node with a daemon start and stop with it, by the units that `om node install units` writes."""

import pytest
from booting import off_and_on, state, with_units

pytestmark = pytest.mark.lab(nodes=1, init="systemd")

AGENT, BOOT, HALT = "opensvc-agent.service", "opensvc-boot.service", "opensvc-services.service"
WEB = "[DEFAULT]\norchestrate = start\n[fs#1]\ntype = flag\n[app#1]\ntype = simple\nstart = sleep 1000\n"
BY_HAND = "[fs#1]\ntype = flag\n"


@pytest.fixture
def node(lab):
    """A node that comes up as machines do, with the daemon's unit enabled."""
    node = with_units(lab["n1"])
    node.write("/etc/opensvc/web.conf", WEB)
    node.write("/etc/opensvc/byhand.conf", BY_HAND)
    node(f"systemctl enable {AGENT} {BOOT} {HALT}")
    node(f"systemctl start {AGENT}")
    return node


@pytest.mark.timeout(600)
def test_the_daemon_starts_and_stops_services_with_the_node(node):
    assert (state(node, AGENT), state(node, HALT)) == ("active", "active")
    assert "the daemon starts" in node("om node print status").stdout
    node.wait_for(lambda: node("om web status", code=None).code == 0)
    node("om byhand start --wait --time 60")
    off_and_on(node)
    assert "kill " in node("om web logs").stdout
    assert "rm -f" in node("om byhand logs").stdout
    node.wait_for(lambda: node("om web status", code=None).code == 0)
    node("om byhand status", code=1)
    assert (state(node, AGENT), state(node, HALT), state(node, BOOT)) == ("active", "active", "inactive")


@pytest.mark.timeout(600)
def test_a_daemon_that_is_stopped_killed_or_uninstalled_leaves_services_running(node):
    node.wait_for(lambda: node("om web status", code=None).code == 0)
    pid = node("pgrep -x sleep").stdout
    node("om daemon stop")
    assert state(node, AGENT) == "inactive"
    node("om daemon start")
    assert state(node, AGENT) == "active"
    node("systemctl kill --signal=KILL --kill-whom=main opensvc-agent.service")
    node.wait_for(lambda: "idle" in node("om daemon status", code=None).stdout)
    node("nodemgr uninstall units")
    node("systemctl daemon-reload")
    assert node("pgrep -x sleep").stdout == pid
    node("om web status")
