"""Services of a node without a daemon start and stop with it, by the units that `om node install units` writes."""

import pytest
from booting import off_and_on, state, with_units

pytestmark = pytest.mark.lab(nodes=1, init="systemd")

WEB = "[DEFAULT]\norchestrate = start\n[fs#1]\ntype = flag\n[app#1]\ntype = simple\nstart = sleep 1000\n"
BAD = "[DEFAULT]\norchestrate = start\n[fs#1]\ntype = flag\nblocking_pre_start = false\n"
STANDBY = "[DEFAULT]\nnodes = n9 n1\norchestrate = start\n[fs#1]\ntype = flag\nstandby = true\n[fs#2]\ntype = flag\n"
BY_HAND = "[fs#1]\ntype = flag\n"
BOOT, HALT = "opensvc-boot.service", "opensvc-services.service"
# Stands for what services need: it is there before them, and has to go after them.
STORAGE = """\
[Unit]
Before=remote-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo storage up >>/var/log/order'
ExecStop=/bin/sh -c 'echo storage down >>/var/log/order'
"""


@pytest.fixture
def node(lab):
    """A node that comes up as machines do, with the units enabled."""
    node = with_units(lab["n1"])
    node(f"systemctl enable {BOOT} {HALT}")
    node(f"systemctl start {HALT}")
    return node


def test_services_start_and_stop_with_the_node(node):
    node.write("/etc/opensvc/web.conf", WEB)
    node.write("/etc/opensvc/other.conf", STANDBY)
    node.write("/etc/opensvc/byhand.conf", BY_HAND)
    off_and_on(node)
    node("om web status", code=0)
    node("om other status", code=6)
    node("om byhand status", code=1)
    assert (state(node, BOOT), state(node, HALT)) == ("active", "active")
    assert "exec sleep 1000" in node("journalctl --no-pager --boot --identifier opensvc").stdout
    node("om byhand start --local")
    off_and_on(node)
    stops = node("om byhand logs").stdout
    assert "rm -f" in stops
    assert "kill " in node("om web logs").stdout
    assert "rm -f" in node("om other logs").stdout


def test_services_are_stopped_before_what_they_need(node):
    node.write("/etc/systemd/system/storage.service", STORAGE)
    node("systemctl enable remote-fs.target")
    node("systemctl add-wants remote-fs.target storage.service")
    node("systemctl start remote-fs.target")
    trace = "post_start = sh -c 'echo service up >>/var/log/order'\npost_stop = sh -c 'echo service down >>/var/log/order'\n"
    node.write("/etc/opensvc/web.conf", f"[DEFAULT]\norchestrate = start\n{trace}[fs#1]\ntype = flag\n")
    node(f"systemctl start {BOOT}")
    off_and_on(node)
    up, down = ["storage up", "service up"], ["service down", "storage down"]
    assert node.read("/var/log/order").splitlines() == [*up, *down, *up]


def test_a_service_that_fails_to_start_keeps_no_other_from_starting_nor_from_being_stopped(node):
    node.write("/etc/opensvc/a.conf", WEB)
    node.write("/etc/opensvc/bad.conf", BAD)
    node.write("/etc/opensvc/c.conf", WEB)
    off_and_on(node)
    assert [node(f"om {name} status", code=None).code for name in ("a", "bad", "c")] == [0, 1, 0]
    assert state(node, BOOT) == "failed"
    assert "blocking error" in node(f"journalctl --no-pager --boot --unit {BOOT}").stdout
    off_and_on(node)
    for name in ("a", "c"):
        assert "kill " in node(f"om {name} logs").stdout
    node(f"systemctl stop {HALT}")
    assert [node(f"om {name} status", code=None).code for name in ("a", "bad", "c")] == [1, 1, 1]


def test_what_is_no_matter_of_this_node_makes_no_unit_fail(node):
    node.write("/etc/opensvc/there.conf", "[DEFAULT]\nnodes = n8 n9\norchestrate = start\n[fs#1]\ntype = flag\n")
    node.write("/etc/opensvc/off.conf", "[DEFAULT]\ndisable = true\norchestrate = start\n[fs#1]\ntype = flag\n")
    node(f"systemctl start {BOOT}")
    node(f"systemctl stop {HALT}")
    assert (state(node, BOOT), state(node, HALT)) == ("inactive", "inactive")


def test_a_frozen_service_is_left_alone_at_boot_and_stopped_at_halt(node):
    node.write("/etc/opensvc/web.conf", WEB)
    node("om web freeze")
    node(f"systemctl start {BOOT}")
    node("om web status", code=1)
    assert "web: not started: it is frozen" in node(f"journalctl --no-pager --unit {BOOT}").stdout
    node("om web start --local")
    node(f"systemctl stop {HALT}")
    node("om web status", code=1)


def test_processes_of_services_outlive_the_units(node):
    # the application has a control group of its own; what a trigger leaves stays in the unit's
    node.write("/etc/opensvc/web.conf", f"{WEB}post_start = sh -c 'setsid sleep 1001 >/dev/null 2>&1 &'\n")
    node(f"systemctl start {BOOT}")
    node.wait_for(lambda: len(node("pgrep -f '^sleep 100[01]$'", code=None).stdout.split()) == 2)
    before = node("pgrep -f '^sleep 100[01]$'").stdout.split()
    node.write(f"/etc/systemd/system/{HALT}.d/none.conf", "[Service]\nExecStop=\nExecStop=/bin/true\n")
    node("systemctl daemon-reload")
    node(f"systemctl restart {HALT} {BOOT}")
    node(f"systemctl stop {HALT}")
    assert state(node, BOOT) == "inactive"
    assert set(before) <= set(node("pgrep -f '^sleep 100[01]$'").stdout.split())
    node("om web status", code=0)


def test_a_boot_that_is_interrupted_takes_back_what_it_was_starting(node):
    slow = (
        "[DEFAULT]\norchestrate = start\n[fs#1]\ntype = flag\n[fs#2]\ntype = flag\npre_start = sh -c 'touch /run/begun; exec sleep 1000'\n"
    )
    node.write("/etc/opensvc/slow.conf", slow)
    node(f"systemctl start --no-block {BOOT}")
    node.wait_for(lambda: node.exists("/run/begun"))
    assert node.exists("/run/opensvc/svc/slow/fs#1.flag")
    node(f"systemctl stop {HALT}")
    assert not node.exists("/run/opensvc/svc/slow/fs#1.flag")


def test_an_edited_unit_is_kept(node):
    file = f"/etc/systemd/system/{BOOT}"
    node.write(file, node.read(file).replace("infinity", "1h", 1))
    assert "--force gives it up" in node("om node install units", code=5).stderr
    assert "--force gives it up" in node("om node uninstall units", code=5).stderr
    assert "1h" in node.read(file)
    assert "wrote" in node("om node install units --force").stdout
    assert "1h" not in node.read(file)
    assert "already" in node("om node install units").stdout


def test_a_masked_unit_stays_masked(node):
    node(f"ln -sf /dev/null /etc/systemd/system/{HALT}")
    assert "unmask" in node("om node install units --force", code=5).stderr
    node("test -c /dev/null")
    assert node(f"systemctl is-enabled {HALT}", code=1).stdout == "masked\n"


def test_uninstalling_leaves_no_trace(node):
    assert "services start" in node("om node print status").stdout
    node("nodemgr uninstall units")
    node("systemctl daemon-reload")
    assert node("find /etc/systemd/system -name opensvc*").stdout == ""
    assert "no unit of ours" in node("om node uninstall units").stdout
    assert "no unit is installed" in node("om node print status").stdout
