"""What a node has before it is in a cluster: a secret, private files, tokens."""

import re
import stat

import pytest
from opensvc_daemon.trust import install_cluster_text, prepare, tokens
from opensvc_daemon.trust.membership import add, cluster_text, members, remove, secret_of, told

from opensvc_core.api import ActionRefused, Descent, Node, UsageError


@pytest.fixture
def node(tmp_path):
    (tmp_path / "etc").mkdir()
    return Node(tmp_path, nodename="n1")


def mode(node, name="cluster.conf"):
    return stat.S_IMODE((node.paths.etc / name).stat().st_mode)


def test_a_fresh_node_gets_a_random_secret_that_stays(node):
    assert prepare(node)
    secret = secret_of(node)
    assert re.fullmatch("[0-9a-f]{32}", secret)
    assert mode(node) == 0o600
    assert not prepare(node)
    assert secret_of(node) == secret


def test_what_was_written_before_stays_and_becomes_private(node):
    (node.paths.etc / "cluster.conf").write_text("# mine\n[hb#1]\ntype = unicast\n")
    prepare(node)
    assert (node.paths.etc / "cluster.conf").read_text().startswith("# mine\n[hb#1]\ntype = unicast\n")
    assert mode(node) == 0o600


def test_a_secret_in_node_conf_counts_and_its_file_becomes_private(node):
    (node.paths.etc / "node.conf").write_text("[cluster]\nsecret = abcdefabcdefabcdef\n")
    prepare(node)
    assert secret_of(node) == "abcdefabcdefabcdef"
    assert mode(node, "node.conf") == 0o600
    assert node.store.read(node.paths.etc / "cluster.conf").get("cluster", "secret") is None


def test_members_come_and_go(node):
    prepare(node)
    add(node, "n2")
    first = add(node, "n2")
    assert members(node) == ["n1", "n2"]
    assert add(node, "n2") == first
    remove(node, "n2")
    remove(node, "n2")
    assert members(node) == ["n1"]


@pytest.mark.parametrize("name", ["", "N2", "n 2", "n2\nx", "-n", "n..2", "n_2", "é", "n" * 64, "../x"])
def test_a_name_that_is_none_becomes_no_member(node, name):
    prepare(node)
    with pytest.raises(UsageError, match="is no name of a node"):
        add(node, name)


def test_members_in_node_conf_are_told(node):
    (node.paths.etc / "node.conf").write_text("[cluster]\nnodes = n1\n")
    with pytest.raises(ActionRefused, match=r"move it to cluster\.conf"):
        add(node, "n2")


def test_an_older_file_of_another_member_is_refused(node):
    prepare(node)
    older = told(cluster_text(node))
    add(node, "n2")
    with pytest.raises(ActionRefused, match="newer here than on n3"):
        install_cluster_text(node, *older, "n3")
    assert members(node) == ["n1", "n2"]


def test_a_newer_file_is_taken(node):
    prepare(node)
    text, descent = told(cluster_text(node))
    import hashlib

    text += "\n[hb#9]\ntype = unicast\n"
    newer = Descent(hashlib.sha256(text.encode()).hexdigest(), {**descent.generations, "n3": 1})
    install_cluster_text(node, text, newer, "n3")
    assert (node.paths.etc / "cluster.conf").read_text() == text
    assert mode(node) == 0o600


@pytest.mark.parametrize(
    "answer", [{}, {"text": 1, "digest": "x", "generations": []}, {"text": "", "digest": "", "generations": {"a": "b"}}]
)
def test_what_is_no_file_is_refused(answer):
    with pytest.raises(UsageError):
        told(answer)


def test_a_token_is_told_once_and_kept_as_a_digest(node):
    token = tokens.make(node, "ci", "operator", days=2)
    text = (node.paths.etc / "cluster.conf").read_text()
    assert token not in text
    assert mode(node) == 0o600
    (known,) = tokens.listing(node)
    assert (known.name, known.role) == ("ci", "operator")
    assert tokens.role_of([known], token, known.expires - 1) == ("ci", "operator")
    assert tokens.role_of([known], token, known.expires) == ("", "")
    assert tokens.role_of([known], token + "x", 0) == ("", "")
    with pytest.raises(ActionRefused, match="there is a token ci already"):
        tokens.make(node, "ci", "guest")
    tokens.revoke(node, "ci")
    assert tokens.listing(node) == []
    with pytest.raises(ActionRefused, match="there is no token ci"):
        tokens.revoke(node, "ci")


def test_a_token_that_was_edited_into_nonsense_counts_for_nothing(node):
    token = tokens.make(node, "ci", "admin")
    for key, value in (("expires", "soon"), ("role", "emperor")):
        (node.paths.etc / "cluster.conf").write_text(f"[token#ci]\nrole = admin\nhash = {tokens._digest(token)}\n{key} = {value}\n")
        assert tokens.role_of(tokens.listing(node), token, 1.0) == ("", "")


@pytest.mark.parametrize(("name", "role", "days"), [("CI", "admin", None), ("", "admin", None), ("ci", "root", None), ("ci", "admin", 0)])
def test_a_token_has_a_name_a_role_and_a_life(node, name, role, days):
    with pytest.raises(UsageError):
        tokens.make(node, name, role, days=days)
