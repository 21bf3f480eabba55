"""Two nodes by hand: the configuration and the data follow the service, and are there where it is started next."""

import json
import re

import pytest

CONF = "[DEFAULT]\nnodes = n1 n2\n\n[fs#flag]\ntype = flag\n"
DATA = "\n[sync#data]\nsrc = /srv/web/\ndst = /srv/web\ntarget = nodes\n"
CONFLICT = "was edited here and on n1, independently"


@pytest.fixture
def pair(lab):
    """n1 with the service up, and n2, which knows nothing of it."""
    n1, n2 = lab.nodes
    n1.write("/etc/opensvc/web.env", CONF)
    n1("svcmgr -s web start")
    return n1, n2


@pytest.fixture
def copied(pair):
    """The same with data, all of it copied once."""
    n1, n2 = pair
    n1.write("/etc/opensvc/web.env", CONF + DATA)
    n1.write("/srv/web/a", "old\n")
    n2("mkdir -p /srv/web")
    n1("svcmgr -s web sync all --force")
    return n1, n2


def states(node):
    """The statuses of what copies data, with what they say."""
    resources = json.loads(node("svcmgr -s web print status --format json").stdout)["resources"]
    return {rid: (one["status"], one.get("log", [])) for rid, one in resources.items() if rid.startswith("sync")}


def names(node, folder="/etc/opensvc"):
    return sorted(node(f"ls -A {folder}").stdout.split())


# -- the configuration


def test_the_configuration_goes_to_the_other_node_with_its_links(pair):
    n1, n2 = pair
    assert states(n1) == {"sync#i0": ("down", ["warn: n2 need update"])}
    n1("sh -c 'cd /etc/opensvc && mkdir web.dir && ln -s web.dir web.d && touch web.dir/S10x'")
    n1("sh -c 'cd /etc/opensvc && ln -s /x web.cluster && ln -s /x web.stonith'")
    done = n1("svcmgr -s web syncnodes --force")
    assert re.fullmatch(r"\S+ INFO    WEB +exec 'svcmgr -s web --waitlock 3600 postsync' on node n2\n", done.stdout)
    assert names(n2) == ["web", "web.d", "web.dir", "web.env"]
    assert n2("readlink /etc/opensvc/web.d").stdout == "web.dir\n"
    assert names(n2, "/etc/opensvc/web.dir") == ["S10x"]
    assert n2.read("/etc/opensvc/web.env") == CONF
    assert n2("stat -c %a /etc/opensvc/web.env").stdout == "644\n"
    assert (states(n1), states(n2)) == ({"sync#i0": ("up", [])}, {"sync#i0": ("up", [])})


def test_a_launcher_that_was_removed_is_removed_there(pair):
    n1, n2 = pair
    n1("sh -c 'cd /etc/opensvc && mkdir web.d && touch web.d/S10x web.d/S20y'")
    n1("svcmgr -s web sync nodes --force")
    n1("rm /etc/opensvc/web.d/S10x")
    n1("svcmgr -s web sync nodes --force")
    assert names(n2, "/etc/opensvc/web.d") == ["S20y"]


def test_the_service_is_copied_from_the_node_that_has_it(pair):
    n1, n2 = pair
    n1("svcmgr -s web sync nodes --force")
    n2("svcmgr -s web start")
    n1("svcmgr -s web stop")
    refused = n1("svcmgr -s web sync nodes --force", code=5)
    assert "web is not up here (without its applications it is down); it is copied from the node where it is up" in refused.stderr
    n2("svcmgr -s web sync nodes --force")
    assert (states(n1), states(n2)) == ({"sync#i0": ("up", [])}, {"sync#i0": ("up", [])})


def test_a_newer_configuration_follows_and_none_is_lost(pair):
    n1, n2 = pair
    n1("svcmgr -s web sync nodes --force")
    n1("svcmgr -s web set --kw comment=one")
    n1("svcmgr -s web sync nodes --force")
    assert "comment = one" in n2.read("/etc/opensvc/web.env")
    n2("svcmgr -s web set --kw comment=two")
    newer = n1("svcmgr -s web sync nodes --force", code=1)
    assert "web.env is newer here than on n1" in newer.stdout
    n1("svcmgr -s web set --kw app=three")
    both = n1("svcmgr -s web sync nodes --force", code=1)
    assert CONFLICT in both.stdout
    assert "comment = two" in n2.read("/etc/opensvc/web.env")
    n1("svcmgr -s web sync nodes --force --keep-own")
    assert n2.read("/etc/opensvc/web.env") == n1.read("/etc/opensvc/web.env")
    n1("svcmgr -s web set --kw app=four")
    n1("svcmgr -s web sync nodes --force")
    assert "four" in n2.read("/etc/opensvc/web.env")


def test_files_written_by_hand_on_both_nodes_are_a_conflict_only_when_they_differ(pair):
    n1, n2 = pair
    n2.write("/etc/opensvc/web.env", CONF)
    n1("svcmgr -s web sync nodes --force")
    n1("sh -c 'echo comment = x >> /etc/opensvc/web.env'")
    n1("svcmgr -s web sync nodes --force")
    n2("sh -c 'echo [env] >> /etc/opensvc/web.env'")
    n1("sh -c 'echo tags = y >> /etc/opensvc/web.env'")
    assert CONFLICT in n1("svcmgr -s web sync nodes --force", code=1).stdout


# -- conditions


def test_the_period_and_the_last_copy_are_set_aside_by_force_alone(pair):
    n1, _ = pair
    n1.write("/etc/opensvc/web.env", CONF + "[sync#i0]\nschedule = 00:00-00:01\n")
    skipped = n1("svcmgr -s web sync nodes").stdout
    if "exec" not in skipped:  # but for one minute of the day
        assert skipped.endswith("WEB.SYNC#I0             skip sync: not in allowed period (['00:00', '00:01'])\n")
    n1.write("/etc/opensvc/web.env", CONF + "[sync#i0]\nschedule = @2h\n")
    assert "exec" in n1("svcmgr -s web sync nodes").stdout
    assert "skip sync: the last run was" in n1("svcmgr -s web sync nodes").stdout
    assert "exec" in n1("svcmgr -s web sync nodes --force").stdout


def test_a_newer_service_is_copied_by_hand_at_any_time_of_the_day(lab):
    n1, n2 = lab.nodes
    n1.write("/etc/opensvc/web.conf", CONF + "[sync#i0]\nschedule = 00:00-00:01@60\n")
    assert states(n1) == {"sync#i0": ("n/a", ["info: paused, service not up"])}
    n1("om web start --local")
    assert states(n1) == {"sync#i0": ("n/a", ["info: paused, n2 not in the cluster"])}
    n1("om web sync nodes --rid sync#i0")
    assert states(n1) == {"sync#i0": ("up", [])}
    assert "skip sync: the last run was" in n1("om web sync nodes").stdout
    assert "frozen" in n2("om web print status").stdout


def test_a_node_that_does_not_trust_or_is_not_known_is_told(pair):
    n1, n2 = pair
    n2("mv /root/.ssh/authorized_keys /root/.ssh/kept")
    done = n1("svcmgr -s web sync nodes --force", code=1)
    assert "n2 does not trust root of this node; 'om node update ssh keys --node=n2' makes it so" in done.stdout
    n2("mv /root/.ssh/kept /root/.ssh/authorized_keys")
    n1("mv /root/.ssh/known_hosts /root/.ssh/kept")
    assert "the host key of n2 is not known here" in n1("svcmgr -s web sync nodes --force", code=1).stdout
    assert names(n2("true") and n2, "/etc") != []
    assert not n2.exists("/etc/opensvc/web.env")


def test_a_service_without_another_node_has_nothing_to_copy(pair):
    n1, _ = pair
    n1.write("/etc/opensvc/web.env", "[fs#flag]\ntype = flag\n")
    assert "the service has no other node" in n1("svcmgr -s web sync nodes").stdout
    assert "nothing to act on" in n1("svcmgr -s web sync nodes --rid fs#flag", code=2).stderr


# -- data


def test_data_are_the_same_on_both_nodes(copied):
    n1, n2 = copied
    assert n2.read("/srv/web/a") == "old\n"
    n1("sh -c 'cd /srv/web && rm a && echo new > b && chmod 600 b && ln -s b c'")
    n2("sh -c 'touch /srv/web/.b.Xa1b2c'")  # what a power cut in the middle of an rsync leaves
    n1("svcmgr -s web sync nodes --force --rid sync#data")
    assert names(n2, "/srv/web") == ["b", "c"]
    assert n2("stat -c %a /srv/web/b").stdout == "600\n"
    assert states(n1)["sync#data"] == states(n2)["sync#data"] == ("up", [])


def test_a_stop_ends_a_copy_that_runs(copied):
    n1, n2 = copied
    n1("sh -c 'head -c 60000000 /dev/urandom > /srv/web/big'")
    n1.write("/etc/opensvc/web.env", CONF + DATA + "bwlimit = 100\n")
    copy = n1.begin("svcmgr -s web sync nodes --force --rid sync#data")
    n2.wait_for(lambda: n2("sh -c 'ls -A /srv/web'").stdout.count(".big."))
    assert "a copy to other nodes is ended" in n1("svcmgr -s web stop").stdout
    assert copy.wait(20) == 130
    assert n1("svcmgr -s web status", code=None).code != 0
    n2.wait_for(lambda: names(n2, "/srv/web") == ["a"])


def test_a_cut_link_leaves_the_old_file_and_the_next_copy_completes(copied):
    n1, n2 = copied
    n1("sh -c 'head -c 60000000 /dev/urandom > /srv/web/a'")
    n1.write("/etc/opensvc/web.env", CONF + DATA + "bwlimit = 100\ntimeout = 8\n")
    copy = n1.begin("svcmgr -s web sync nodes --force --rid sync#data")
    n2.wait_for(lambda: n2("sh -c 'ls -A /srv/web'").stdout.count(".a."))
    n2.cut()
    said = copy.communicate(timeout=30)[0]
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


# -- a user who is not root logs in to the other node


@pytest.fixture
def unprivileged(copied):
    """The same, but root may not log in to n2: osvc may, and has there what sudo grants."""
    n1, n2 = copied
    if n2("sh -c 'command -v sudo'", code=None).code:
        pytest.skip("needs sudo: apt-get install sudo")
    n2("useradd --create-home --password * --shell /bin/sh osvc")
    n2("install -d -o osvc -g osvc -m 700 /home/osvc/.ssh")
    n2("install -o osvc -g osvc -m 600 /root/.ssh/authorized_keys /home/osvc/.ssh")
    n2("rm /root/.ssh/authorized_keys")
    n1.write("/etc/opensvc/node.conf", "[node]\nruser = osvc\n")
    return n1, n2


def granted(node, *programs):
    """What osvc may do there as root."""
    node.write("/etc/sudoers.d/osvc", f"osvc ALL=(root) NOPASSWD: {', '.join(programs)}\n", 0o440)


def test_a_user_who_is_not_root_copies_by_sudo(unprivileged):
    n1, n2 = unprivileged
    granted(n2, "/usr/bin/rsync", "/usr/local/bin/svcmgr")
    n1("sh -c 'cd /srv/web && echo new > a && chmod 600 a && chown 1234:5678 a'")
    n1("svcmgr -s web set --kw comment=one")
    n1("svcmgr -s web sync all --force")
    assert n2("stat -c '%a %u %g' /srv/web/a").stdout == "600 1234 5678\n"
    assert n2.read("/srv/web/a") == "new\n"
    assert "comment = one" in n2.read("/etc/opensvc/web.env")
    assert states(n1) == states(n2) == {"sync#i0": ("up", []), "sync#data": ("up", [])}


@pytest.mark.parametrize(("programs", "is_sent"), [(["/usr/bin/true"], False), (["/usr/bin/rsync"], True)], ids=["nothing", "rsync alone"])
def test_what_sudo_does_not_grant_is_told(unprivileged, programs, is_sent):
    n1, n2 = unprivileged
    granted(n2, *programs)
    n1("sh -c 'echo new > /srv/web/a'")
    before = states(n2)
    said = n1("svcmgr -s web sync nodes --force --rid sync#data", code=1).stdout
    assert "osvc may not do this by sudo on n2: the user named by node.ruser needs it, without a password" in said
    assert n2.read("/srv/web/a") == ("new\n" if is_sent else "old\n")
    assert states(n2) == before  # a copy that was not noted there counts as none


def test_who_may_not_log_in_is_named(unprivileged):
    n1, n2 = unprivileged
    n2("rm /home/osvc/.ssh/authorized_keys")
    assert "n2 does not trust osvc of this node" in n1("svcmgr -s web sync nodes --force", code=1).stdout


# -- many services, trust, time


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


def test_keys_are_made_exchanged_and_authorised(pair):
    n1, n2 = pair
    n2("sh -c 'rm /root/.ssh/id_* /root/.ssh/known_hosts'")
    n1("rm /root/.ssh/known_hosts")
    done = n1("nodemgr update ssh keys --node='*'", code=1)
    assert "the host key of n2 is not known here" in done.stderr
    done = n1("nodemgr update ssh keys --node='*' --force")
    assert done.stdout == "n2 trusts this node, and is trusted\n"
    assert n2("ssh -o BatchMode=yes -o StrictHostKeyChecking=yes n1 hostname").stdout == "n1\n"
    kept = n1.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/known_hosts")
    n1("om node update ssh keys")
    assert (n1.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/known_hosts")) == kept
    assert "PRIVATE" not in done.stdout + done.stderr


def test_what_is_due_is_copied_by_schedule_run(pair):
    n1, n2 = pair
    n1("nodemgr schedule run")
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
    assert n1("systemctl is-failed opensvc-schedule.service", code=None).stdout == "inactive\n"
