"""The data follow the service, whatever happens to the link, the target or the agent."""

import re

import pytest

from .conftest import CONF, DATA, names, states


def slowly(nodes, name, more=""):
    """A copy of a large file that takes minutes, once it has begun."""
    n1, n2 = nodes
    n1(f"sh -c 'head -c 60000000 /dev/urandom > /srv/web/{name}'")
    n1.write("/etc/opensvc/web.env", f"{CONF}{DATA}bwlimit = 100\n{more}")
    copy = n1.begin("svcmgr -s web sync nodes --force --rid sync#data")
    n2.wait_for(lambda: n2("sh -c 'ls -A /srv/web'").stdout.count(f".{name}."))
    return copy


def test_data_are_the_same_on_both_nodes(copied):
    n1, n2 = copied
    assert n2.read("/srv/web/a") == "old\n"
    n1("sh -c 'cd /srv/web && rm a && echo new > b && chmod 600 b && ln -s b c'")
    n2("sh -c 'touch /srv/web/.b.Xa1b2c'")  # what a power cut in the middle of an rsync leaves
    n1("svcmgr -s web sync nodes --force --rid sync#data")
    assert names(n2, "/srv/web") == ["b", "c"]
    assert n2("stat -c %a /srv/web/b").stdout == "600\n"
    assert states(n1)["sync#data"] == states(n2)["sync#data"] == ("up", [])


def test_a_change_in_the_second_of_a_copy_is_sent_by_the_next_one(copied):
    n1, n2 = copied
    for text, tenths in (("old", 2), ("new", 7)):
        n1(f"sh -c 'echo {text} > /srv/web/a; touch -d @1700000000.{tenths} /srv/web/a'")
        n1.write("/etc/opensvc/web.env", CONF + DATA + f"# {text}\n")
        n1(f"touch -d @1700000000.{tenths} /etc/opensvc/web.env")
        n1("svcmgr -s web sync all --force")
        assert n2.read("/srv/web/a") == f"{text}\n"
        assert n2.read("/etc/opensvc/web.env").endswith(f"# {text}\n")


def test_a_stop_ends_a_copy_that_runs(copied):
    n1, n2 = copied
    copy = slowly(copied, "big")
    assert "a copy to other nodes is ended" in n1("svcmgr -s web stop").stdout
    assert copy.wait(60) == 130
    assert n1("svcmgr -s web status", code=None).code != 0
    n2.wait_for(lambda: names(n2, "/srv/web") == ["a"])


def test_a_cut_link_leaves_the_old_file_and_the_next_copy_completes(copied):
    n1, n2 = copied
    copy = slowly(copied, "a", "timeout = 8\n")
    n2.cut()
    said = copy.communicate(timeout=60)[0]
    assert copy.returncode == 1
    assert "not ended after 8s" in said
    assert n2.read("/srv/web/a") == "old\n"
    n2.heal()
    n1("sh -c 'echo new > /srv/web/a'")
    n1("svcmgr -s web sync nodes --force --rid sync#data")
    assert n2.read("/srv/web/a") == "new\n"


def test_a_target_that_hangs_is_given_up_and_told(copied):
    n1, n2 = copied
    n2.freeze()
    done = n1("svcmgr -s web sync nodes --force --rid sync#data", code=1, timeout=40)
    assert re.search(r"n2 (can't be reached by ssh|does not answer any more)", done.stdout)
    assert "ssh" not in n1("ps -eo comm").stdout.replace("sshd", "").split()


def test_a_full_disk_is_told_and_the_old_file_stays(copied):
    n1, n2 = copied
    n2("mount -t tmpfs -o size=1m tmpfs /srv/web")
    n2("sh -c 'echo old > /srv/web/a'")
    n1("sh -c 'head -c 3000000 /dev/zero > /srv/web/a'")
    n1.write("/etc/opensvc/web.env", CONF + DATA + "options = -rlt --delete\nreset_options = true\n")
    done = n1("svcmgr -s web sync nodes --force --rid sync#data", code=1)
    assert re.search(r"the disk of n2 is full|n2: .* its disk may be full", done.stdout)
    assert (n2.read("/srv/web/a"), names(n2, "/srv/web")) == ("old\n", ["a"])


def test_nothing_is_sent_to_a_mount_point_without_its_file_system(copied):
    n1, n2 = copied
    n1("rm /srv/web/a")
    n1.write("/etc/opensvc/web.env", CONF + DATA + "dstfs = /srv/web\n")
    done = n1("svcmgr -s web sync nodes --force --rid sync#data", code=1)
    assert "n2: /srv/web is not mounted there; nothing is sent" in done.stdout
    assert names(n2, "/srv/web") == ["a"]


def restart_sshd(node, options):
    """The same sshd, with more options."""
    node("sh -c 'kill $(cat /run/sshd.pid)'")
    node.wait_for(lambda: not node.exists("/run/sshd.pid"))
    node(f"/usr/sbin/sshd -f /etc/ssh/lab_sshd_config {options}")
    node.wait_for(lambda: node.exists("/run/sshd.pid"))


def pids(node, program):
    """The processes of a program there; of a script, its interpreter's."""
    rows = (line.split(None, 2) for line in node("ps -eo pid,comm,args").stdout.splitlines()[1:])
    return [pid for pid, name, line in rows if name == program or f"/{program} " in line.split(" -s ")[0] + " "]


def test_a_copy_makes_one_connection_and_leaves_none(copied):
    n1, n2 = copied
    restart_sshd(n2, "-o LogLevel=INFO -E /run/sshd.log")
    n1("svcmgr -s web sync all --force")
    assert n2.read("/run/sshd.log").count("Accepted publickey for root") == 1
    assert states(n2) == {"sync#i0": ("up", []), "sync#data": ("up", [])}
    assert not n1.exists("/run/opensvc/svc/web/ssh")
    assert pids(n1, "ssh") == []


def test_a_target_that_keeps_no_sessions_beside_others_gets_its_copy(copied):
    n1, n2 = copied
    restart_sshd(n2, "-o MaxSessions=1")
    n1("sh -c 'echo new > /srv/web/a'")
    n1("svcmgr -s web sync all --force")
    assert n2.read("/srv/web/a") == "new\n"


def test_a_copy_that_is_killed_leaves_no_connection(copied):
    n1, n2 = copied
    copy = slowly(copied, "big")
    agent, ssh = pids(n1, "svcmgr"), pids(n1, "ssh")
    assert len(agent) == 1
    assert len(ssh) == 2
    n1(f"kill -KILL {agent[0]} {' '.join(pids(n1, 'rsync'))}")
    assert copy.wait(60) != 0
    n1.wait_for(lambda: not pids(n1, "ssh"))
    n1("rm /srv/web/big")
    n1("svcmgr -s web sync nodes --force --rid sync#data")
    assert names(n2, "/srv/web") == ["a"]
    assert not n1.exists("/run/opensvc/svc/web/ssh")


@pytest.mark.lab(nodes=3)
def test_a_target_that_is_away_keeps_no_other_from_its_copy(lab):
    n1, n2, n3 = lab.nodes
    n1.write("/etc/opensvc/web.env", CONF.replace("n1 n2", "n1 n2 n3"))
    n1("svcmgr -s web start")
    n3.power_off()
    done = n1("svcmgr -s web sync nodes --force", code=1, timeout=40)
    assert "n3 can't be reached by ssh" in done.stdout
    assert states(n1) == {"sync#i0": ("down", ["warn: n3 need update"])}
    assert states(n2) == {"sync#i0": ("up", [])}
