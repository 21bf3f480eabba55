"""Heartbeats in node.conf and cluster.conf, as administrators write them."""

import json

import pytest


def test_the_transcripts_commands_are_silent(root):
    assert root("om cluster set --kw hb#1.type=unicast") == (0, "", "")
    assert root("nodemgr set --param hb#1.type --value unicast") == (0, "", "")
    assert root("om cluster get --kw hb#1.type").stdout == "unicast\n"
    assert root("nodemgr get --param hb#1.type").stdout == "unicast\n"
    assert root("om cluster get --kw hb#1.port --eval").stdout == "10000\n"


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("hb#1.porrt=1", "cluster.conf:3: error: hb#1.porrt = 1: hb has no keyword 'porrt'; did you mean 'port'?"),
        ("hb#1.port=many", "hb#1.port = many"),
        ("hb#1.timeout=soon", "hb#1.timeout = soon"),
        ("hb#1.type=unicats", "no installed plugin provides hb.unicats; did you mean 'hb.unicast'?"),
        ("hb#1.type=flag", "no installed plugin provides hb.flag"),
        ("hb#1.port@n1=x", "hb#1.port@n1"),
        ("hb#2.type=disk", "dev is required"),
        ("hb#2.type=multicast --kw hb#2.group=10.0.0.1", "10.0.0.1 is no multicast address"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(root, setting, says):
    root("om cluster set --kw hb#1.type=unicast")
    before = (root / "etc/cluster.conf").read_text()
    done = root(f"om cluster set --kw {setting}", code=7)
    assert says in done.stderr, done.stderr
    assert (root / "etc/cluster.conf").read_text() == before


def test_words_and_older_words_of_a_heartbeat_are_accepted(root):
    root("om cluster set --kw hb#2.type=disk --kw hb#2.dev=/dev/sdb --kw hb#2.dev@n2=/dev/sdc --kw hb#2.interval=2 --kw hb#2.timeout=10")
    done = root("om cluster set --kw hb#3.type=multicast --kw hb#3.addr=224.3.29.71")
    assert "today 'group'" in done.stdout + done.stderr
    root("om cluster validate config", code=3)


def test_openha_in_a_service_is_no_heartbeat_of_the_cluster(root):
    """Its driver comes with another plugin; the cluster's drivers have no place in a service."""
    root.write("etc/web.conf", "[DEFAULT]\nnodes = n1 n2\n[hb#0]\ntype = OpenHA\n[hb#1]\ntype = unicast\n")
    said = root("om web validate config", code=7).stdout
    assert "hb.unicast is a driver of the cluster: it belongs in cluster.conf or node.conf, not in the file of a service" in said


def test_the_drivers_are_listed_and_described(root):
    rows = {row["id"]: row for row in json.loads(root("om drivers --format json").stdout)["drivers"]}
    assert {name for name in rows if name.startswith("hb.")} >= {"hb.unicast", "hb.multicast", "hb.disk"}
    assert rows["hb.disk"]["capabilities"] == ["HeartbeatLink", "DataPath"]
    assert "The address of the node" in root("om keywords hb.unicast").stdout
    assert "hb.disk" in root("om node print capabilities").stdout


def test_the_schema_of_cluster_conf_has_the_words_of_the_heartbeats(root):
    schema = json.loads(root("om schema cluster").stdout)
    assert set(schema["$defs"]["hb.disk"]["properties"]) == {"type", "timeout", "interval", "nodes", "dev"}
