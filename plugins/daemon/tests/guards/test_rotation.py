"""The rotation of the secret, with arbitrators and members that lag behind; on real nodes it is tried by the system tests."""

import pytest
from opensvc_daemon.heartbeat.keyring import Secret
from opensvc_daemon.trust import prepare, rotate
from opensvc_daemon.trust.membership import secret_of

from opensvc_core.api import ActionFailed, ActionRefused, Node

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def alone(tmp_path):
    """A node with this text in its cluster.conf."""

    def made(text=""):
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc/cluster.conf").write_text(f"# ours\n[cluster]\nsecret = {SECRET}\n{text}")
        return Node(tmp_path, nodename="n1")

    return made


def look():
    raise AssertionError("there is nobody to look at")


def seen(**more):
    return lambda: {"nodes": {"n2": {"reach": "beating", **more}}}


def following(node):
    return node.config_of("node").text("cluster", "next_secret")


def test_a_node_alone_just_takes_another_secret(alone):
    node, told = alone(), []
    rotate(node, look, say=told.append)
    assert secret_of(node) != SECRET
    assert following(node) is None
    assert len(bytes.fromhex(secret_of(node))) == 16
    assert (node.paths.etc / "cluster.conf").read_text().startswith("# ours\n")
    assert (node.paths.etc / "cluster.conf").stat().st_mode & 0o777 == 0o600
    assert secret_of(node) not in " ".join(told)


def test_an_arbitrator_has_to_know_the_new_secret_before_the_old_one_goes(alone, arbitrator, end):
    process, place = arbitrator()
    section = "[arbitrator#arb]\nuri = 127.0.0.1:{}\ntimeout = 10s\n[node]\nready_period = 20s\n"
    node = alone(section.format(place.port))
    with pytest.raises(ActionRefused, match=r"arbitrator arb does not answer to the new secret.* second line into its --secret-file"):
        rotate(node, look, say=lambda _: None)
    new = following(node)
    assert (secret_of(node), len(new)) == (SECRET, 32)
    end(process)
    _, place = arbitrator(secret=f"{SECRET}\n{new}\n")
    node.change("cluster", lambda document: document.set("arbitrator#arb", "uri", f"127.0.0.1:{place.port}"))
    again = Node(node.paths.etc.parent, nodename="n1")
    rotate(again, look, say=lambda _: None)
    assert (secret_of(again), following(again)) == (new, None)


def test_an_arbitrator_with_a_secret_of_its_own_is_not_asked(alone):
    node = alone("[arbitrator#arb]\nuri = 127.0.0.1:1\nsecret = aaaaaaaaaaaaaaaaaaaaaaaa\n")
    rotate(node, look, say=lambda _: None)
    assert secret_of(node) != SECRET


def test_a_member_that_does_not_take_the_new_secret_leaves_both_in_use(alone):
    node = alone("nodes = n1 n2\n")
    old = Secret.of_text(SECRET).id.hex()
    with pytest.raises(ActionFailed, match=r"n2: the new secret is not known after 0\.2 s; nothing is lost"):
        rotate(node, seen(secrets={"holds": [old], "seals": old}), say=lambda _: None, patience=0.2)
    assert secret_of(node) == SECRET
    assert following(node)


def test_a_rotation_whose_old_secret_is_only_to_be_forgotten_is_not_to_be_repeated(alone):
    node = alone("nodes = n1 n2\n")

    def lagging():
        both = [Secret.of_text(text).id.hex() for text in (SECRET, following(node) or "") if text]
        return {"nodes": {"n2": {"reach": "beating", "secrets": {"holds": both, "seals": both[-1]}}}}

    with pytest.raises(ActionFailed, match=r"n2: the old secret is not forgotten after 0\.2 s; the rotation itself is over") as caught:
        rotate(node, lagging, say=lambda _: None, patience=0.2)
    assert "goes on where it ended" not in str(caught.value)
    assert secret_of(node) != SECRET
    assert following(node) is None


@pytest.mark.parametrize("nodes", [{"reach": "silent"}, {"reach": "one_way"}, {"reach": "unseen"}], ids=lambda nodes: nodes["reach"])
def test_a_member_that_is_not_heard_is_not_left_behind(alone, nodes):
    node = alone("nodes = n1 n2\n")
    with pytest.raises(ActionRefused, match="n2: not heard"):
        rotate(node, seen(**nodes), say=lambda _: None)
    assert (secret_of(node), following(node)) == (SECRET, None)


def test_a_rotation_does_not_begin_before_the_last_one_has_ended_everywhere(alone):
    node = alone("nodes = n1 n2\n")
    with pytest.raises(ActionFailed, match="n2: the last rotation is not finished"):
        rotate(node, seen(secrets={"holds": ["00000000", Secret.of_text(SECRET).id.hex()]}), say=lambda _: None, patience=0.2)
    assert following(node) is None


def test_a_secret_that_others_do_not_see_is_told(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/node.conf").write_text(f"[cluster]\nsecret = {SECRET}\n")
    node = Node(tmp_path, nodename="n1")
    prepare(node)
    with pytest.raises(ActionRefused, match=r"node\.conf hides what all members have: move it to cluster.conf"):
        rotate(node, look)
