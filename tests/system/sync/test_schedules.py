"""What copies without being asked for each service: commands on many of them, and times that are due."""

import pytest

from .conftest import CONF, names


def test_commands_on_many_services(lab):
    n1, n2 = lab.nodes
    n1.write("/root/flag", "[DEFAULT]\nnodes = n1\n[fs#flag]\ntype = flag\n")
    n1("sh -c 'mkdir /etc/opensvc; for i in $(seq 197); do cp /root/flag /etc/opensvc/s$i.env; done'")
    for name in ("up1", "up2", "down1"):
        n1.write(f"/etc/opensvc/{name}.env", CONF)
    assert n1("allservices freeze").stderr == ""
    n1("om 'up*' start --local --rid fs#flag")
    done = n1("allupservices syncnodes --force")
    assert done.stderr == "2 services: 2 done\n"
    assert {line.split()[2] for line in done.stdout.splitlines()} == {"UP1", "UP2"}
    assert [name for name in names(n2) if name.endswith(".env")] == ["up1.env", "up2.env"]
    n1.write("/etc/opensvc/bad.env", "nonsense\n")
    done = n1("alldownservices start", code=7)
    assert done.stderr.endswith("199 services: 198 done, 1 with a broken configuration (bad)\n")
    assert len({line.split()[2] for line in done.stdout.splitlines()}) == 198


def test_what_is_due_is_copied_by_schedule_run(pair):
    n1, n2 = pair
    n1.write("/etc/opensvc/web.env", CONF + "[sync#i0]\nschedule = @10\n")
    done = n1("nodemgr schedule run")
    assert "postsync' on node n2" in done.stdout
    assert n1("nodemgr schedule run").stdout == ""
    assert n2("nodemgr schedule run").stdout == ""
    assert "sync_all" in n1("svcmgr -s web print schedule").stdout


@pytest.mark.lab(init="systemd")
def test_the_timer_copies_what_is_due_and_waits_for_no_copy(pair):
    n1, n2 = pair
    n1.write("/etc/opensvc/web.env", CONF + "[sync#i0]\nschedule = @10\n")
    n1("om node install units")
    n1("systemctl daemon-reload")
    n1("systemctl enable --now opensvc-schedule.timer")
    assert "opensvc-schedule.timer" in n1("systemctl list-timers --no-pager").stdout
    n1("systemctl start opensvc-schedule.service")
    n2.wait_for(lambda: n2.exists("/etc/opensvc/web.env"))
    n1.wait_for(lambda: n1("systemctl is-failed opensvc-schedule.service", code=None).stdout == "inactive\n")
