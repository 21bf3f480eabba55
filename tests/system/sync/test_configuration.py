"""Two nodes by hand: the configuration follows the service, and is there where it is started next; when it is copied, and to whom."""

import re

import pytest

from .conftest import CONF, names, states

CONFLICT = "was edited here and on n1, independently"


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
    far = f"{(int(n1('date +%H').stdout) + 12) % 24:02}"
    n1.write("/etc/opensvc/web.env", CONF + f"[sync#i0]\nschedule = {far}:00-{far}:01\n")
    skipped = n1("svcmgr -s web sync nodes").stdout
    assert skipped.endswith(f"WEB.SYNC#I0             skip sync: not in allowed period (['{far}:00', '{far}:01'])\n")
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


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("n1", "n1 is also the name of the node that sent it"),
        ("n3", "this node is n3, and sync#i0 was not sent to a node of that name"),
    ],
    ids=["the sender's", "a stranger's"],
)
def test_a_target_that_goes_by_another_name_takes_nothing(pair, name, says):
    n1, n2 = pair
    n2(f"hostname {name}")
    assert says in n1("svcmgr -s web sync nodes --force", code=1).stdout
    assert not n2.exists("/etc/opensvc/web.env")
    assert states(n1) == {"sync#i0": ("down", ["warn: n2 need update"])}
    n2("hostname n2")
    n1("svcmgr -s web sync nodes --force")
    assert n2.exists("/etc/opensvc/web.env")


def test_a_service_without_another_node_has_nothing_to_copy(pair):
    n1, _ = pair
    n1.write("/etc/opensvc/web.env", "[fs#flag]\ntype = flag\n")
    assert "the service has no other node" in n1("svcmgr -s web sync nodes").stdout
    assert "nothing to act on" in n1("svcmgr -s web sync nodes --rid fs#flag", code=2).stderr
