"""A node of the lab can have systemd as its process 1."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.lab(init="systemd")

UNIT = """
[Service]
ExecStart=/bin/sleep 1000
Restart=always
RestartSec=10ms
"""


def test_systemd_runs_with_nothing_failed(module_lab):
    for node in module_lab.nodes:
        assert node("cat /proc/1/comm").stdout == "systemd\n"
        assert node("systemctl is-system-running").stdout == "running\n"


def test_a_unit_is_started_again_when_its_process_dies(module_lab):
    n1, _ = module_lab.nodes
    n1.write("/etc/systemd/system/sleeper.service", UNIT)
    n1("systemctl daemon-reload")
    n1("systemctl start sleeper")
    first = n1("systemctl show -P MainPID sleeper").stdout
    n1(f"kill -9 {first}")
    n1.wait_for(lambda: n1("systemctl show -P NRestarts sleeper").stdout == "1\n")
    n1.wait_for(lambda: n1("systemctl show -P MainPID sleeper").stdout not in {first, "0\n"})
    n1("systemctl stop sleeper")


def test_enabled_units_start_at_power_on(lab):
    n1, n2 = lab.nodes
    n1.write("/etc/systemd/system/sleeper.service", f"{UNIT}\n[Install]\nWantedBy=lab.target\n")
    n1("systemctl enable sleeper")
    n1.power_off()
    n1.power_on()
    n1.wait_for(lambda: n1("systemctl is-active sleeper", code=None).stdout == "active\n")
    assert n2("ssh n1 hostname").stdout == "n1\n"


@pytest.mark.parametrize("unit", ["systemd-sysctl", "systemd-udevd", "systemd-udev-trigger", "ssh"])
def test_what_would_change_the_hosts_kernel_or_take_a_port_is_masked(module_lab, unit):
    assert module_lab["n1"](f"systemctl is-enabled {unit}", code=None).stdout == "masked\n"
