"""One service as a unit of systemd: `opensvc-service@NAME.service`, which `om node install units` writes."""

import pytest
from booting import off_and_on, state, with_units

pytestmark = pytest.mark.lab(nodes=1, init="systemd")

WEB = "[fs#1]\ntype = flag\n[app#1]\ntype = simple\nstart = sleep 1000\n"
UNIT = "opensvc-service@web.service"
READER = """\
[Unit]
Requires={unit}
After={unit}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'om web status && echo reader up >>/var/log/order'
ExecStop=/bin/sh -c 'om web status && echo reader down >>/var/log/order'
"""


@pytest.fixture
def node(lab):
    """A node with the units and the service web."""
    lab["n1"].write("/etc/opensvc/web.conf", WEB)
    return with_units(lab["n1"])


def test_a_service_starts_and_stops_as_a_unit(node):
    node(f"systemctl start {UNIT}")
    node("om web status", code=0)
    assert state(node, UNIT) == "active"
    before = node("pgrep -f '^sleep 1000$'").stdout
    node(f"systemctl start {UNIT}")
    node(f"systemctl stop {UNIT}")
    node("om web status", code=1)
    assert state(node, UNIT) == "inactive"
    assert node("pgrep -f '^sleep 1000$'", code=1).stdout != before


def test_a_start_that_fails_makes_the_unit_fail_and_leaves_nothing_up(node):
    node.write("/etc/opensvc/web.conf", f"{WEB}blocking_post_start = /bin/false\n")
    node(f"systemctl start {UNIT}", code=1)
    assert state(node, UNIT) == "failed"
    assert "blocking error" in node(f"journalctl --no-pager --boot --unit {UNIT}").stdout
    node("om web status", code=1)
    node.write("/etc/opensvc/web.conf", WEB)
    node(f"systemctl start {UNIT}")
    node("om web status", code=0)


def test_a_service_in_a_namespace_is_named_in_systemd_s_way(node):
    node.write("/etc/opensvc/namespaces/prod/svc/db.conf", "[fs#1]\ntype = flag\n")
    unit = node("systemd-escape --template=opensvc-service@.service prod/svc/db").stdout.strip()
    node(f"systemctl start {unit}")
    node("om prod/svc/db status", code=0)
    node(f"systemctl stop {unit}")
    node("om prod/svc/db status", code=1)


def test_a_unit_of_a_service_that_is_not_here_fails(node):
    node("systemctl start opensvc-service@nosuch.service", code=1)
    assert "no service 'nosuch'" in node("journalctl --no-pager --boot --unit opensvc-service@nosuch.service").stdout


def test_what_needs_the_service_has_it_from_its_start_to_its_stop_on_each_way(node):
    node.write("/etc/systemd/system/reader.service", READER.format(unit=UNIT))
    node("systemctl add-wants multi-user.target reader.service")
    node("systemctl enable opensvc-services.service")
    node("systemctl start opensvc-services.service")
    node("systemctl start reader.service")
    off_and_on(node)
    node("om web status", code=0)
    assert node.read("/var/log/order").splitlines() == ["reader up", "reader down", "reader up"]


def test_uninstalling_leaves_no_trace_of_what_was_enabled(node):
    node(f"systemctl enable {UNIT}")
    assert f"multi-user.target.wants/{UNIT}" in node("om node uninstall units").stdout
    assert node("find /etc/systemd/system -name opensvc*").stdout == ""
