"""Commands on the cluster itself: joins and leaves, secrets, tokens."""

import pytest

from .conftest import orders


def test_the_secret_of_a_join_may_come_from_the_input(root):
    assert "--secret - to read it from the input" in root("om daemon join --node n2 --secret -", code=2, stdin="\n").stderr
    assert "--node NAME names one of its members" in root("om daemon join --secret x", code=2).stderr
    assert root("om daemon join --node n2", code=2).stdout == ""


def test_a_node_that_has_left_is_told_to_stay_frozen(root):
    root.write("etc/cluster.conf", "[cluster]\nnodes = n1 127.0.0.1\n[listener]\nport = 1\n")
    done = root("om daemon leave", code=5)
    assert done.stdout == "@ n:n1\n  freeze local node\n  thaw local node\n"
    assert not (root / "var/node/frozen").exists()
    assert root("om daemon leave --force").stdout == "@ n:n1\n  freeze local node\n  local node stays frozen: 'om node thaw' ends that\n"
    assert (root / "var/node/frozen").exists()


def test_a_node_that_is_in_no_cluster_is_not_frozen_by_leaving(root):
    assert "n1 is in no cluster with others: there is nothing to leave" in root("om daemon leave", code=5).stderr
    assert not (root / "var/node/frozen").exists()


@pytest.mark.parametrize("key", ["secret", "next_secret"])
def test_a_secret_that_can_be_guessed_is_not_set(root, key):
    assert "fewer than 16 characters can be guessed" in root(f"om cluster set --kw cluster.{key}=short", code=7).stderr
    root("om cluster set --kw hb#1.type=unicast")
    assert "can be guessed" in root(f"om cluster set --kw cluster.{key}=short", code=7).stderr
    assert len(root("om cluster get --kw cluster.secret").stdout.strip()) == 32


def test_the_secret_of_several_members_is_not_taken_away(root):
    root("om cluster set --kw hb#1.type=unicast")
    root("om cluster unset --kw cluster.secret")  # alone in its cluster: another one is made
    root('om cluster set --kw cluster.nodes="n1 n2"')
    before = (root / "etc/cluster.conf").read_text()
    for line in ("unset --kw cluster.secret", "update --delete cluster"):
        assert "'om cluster rotate-secret' puts another in its place" in root(f"om cluster {line}", code=5).stderr
    assert "another in its place" in root("om cluster edit config", EDITOR="sed -i s/^secret/#/", code=5).stderr
    assert (root / "etc/cluster.conf").read_text() == before


def test_a_time_limit_that_is_none_says_what_it_may_be(root):
    assert root("om svc1 switch --time abc", code=2).stderr == "om: --time 'abc': it has to be a duration such as 90, 5m or 1h30m\n"


def test_the_first_heartbeat_makes_a_secret_that_others_can_not_read(root):
    root("om cluster set --kw hb#1.type=unicast")
    secret = root("om cluster get --kw cluster.secret").stdout.strip()
    assert len(bytes.fromhex(secret)) == 16
    assert (root / "etc/cluster.conf").stat().st_mode & 0o077 == 0
    root("om cluster set --kw hb#1.interval=2")
    assert root("om cluster get --kw cluster.secret").stdout.strip() == secret


def test_the_older_command_for_a_heartbeat_makes_one_too(root):
    root("nodemgr set --param hb#1.type --value unicast")
    assert root("om cluster get --kw cluster.secret").stdout.strip()


def test_tokens_are_shown_once(root):
    token = root("om daemon token ci --role operator").stdout.strip()
    assert root("om daemon tokens").stdout == "ci operator\n"
    assert token not in (root / "etc/cluster.conf").read_text()
    root("om daemon token ci --revoke")
    assert root("om daemon tokens").stdout == ""


def test_a_token_counts_from_the_end_of_its_command_on_and_not_after_that_of_its_revocation(root, api):
    reload = ("/v1/daemon", {"do": "reload"})
    api.answers["POST", "/v1/daemon"] = (202, {})
    root("om daemon token ci")
    assert orders(api) == [reload]
    root("om daemon token ci --revoke")
    assert orders(api) == [reload, reload]
