"""Nodes leave a cluster: what they forget, and how they stay when nobody knows whether they were taken out."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from opensvc_daemon.trust import calling, leave, leaving
from opensvc_daemon.trust.membership import members, secret_of

from opensvc_core.api import ActionRefused

from .conftest import joined, killed


def test_leaving_takes_the_node_out_and_lets_it_forget(cluster):
    first, second, third = cluster
    joined(second, first)
    joined(third, first)
    secret = secret_of(first.node)
    said = []
    leave(second.node, say=said.append)
    assert said == ["freeze local node", "leave node n1"]
    assert members(first.node) == members(third.node) == ["n1", "n3"]
    assert members(second.node) == ["n2"]
    assert secret_of(second.node) not in ("", secret)
    assert not [name for name in second.node.config_of("node").sections() if name.startswith("hb#")]
    assert first.remote(of=None)("GET", "/v1/status")[0] == 401
    second.node.state.freeze()
    assert joined(second, first) == ["add heartbeat hb#1", "join node 127.0.0.1"]


def test_a_leave_that_nobody_hears_is_refused_unless_forced(cluster):
    first, second, _ = cluster
    joined(second, first)
    first.run(first.listener.stop())
    said = []
    with pytest.raises(ActionRefused, match="no member takes n2 out: n1 can't be reached"):
        leave(second.node, say=said.append)
    assert said == ["freeze local node", "thaw local node"]
    assert members(second.node) == ["n1", "n2"]
    said.clear()
    leave(second.node, is_forced=True, say=said.append)
    assert said == ["freeze local node"]
    assert members(second.node) == ["n2"]
    first.begin()


def test_a_refused_leave_leaves_a_node_frozen_that_was(cluster):
    first, second, _ = cluster
    joined(second, first)
    second.node.state.freeze()
    first.run(first.listener.stop())
    with pytest.raises(ActionRefused):
        leave(second.node, say=lambda _: None)
    assert second.node.state.is_frozen()
    first.begin()


def test_a_node_that_was_perhaps_taken_out_stays_frozen(cluster, monkeypatch):
    first, second, third = cluster
    joined(second, first)
    joined(third, first)
    third.run(third.listener.stop())
    answers = threading.Event()

    async def late():
        await asyncio.to_thread(answers.wait, 120)

    monkeypatch.setattr(first.monitor, "configuration_changed", late)
    monkeypatch.setattr(leaving, "ANSWER_SECONDS", 8.0)
    said = []
    try:
        with pytest.raises(ActionRefused, match=r"n1 broke off: .*timed out; n3 can't be reached"):
            leave(second.node, say=said.append)
    finally:
        answers.set()
    assert (members(first.node), members(second.node)) == (["n1", "n3"], ["n1", "n2", "n3"])
    assert said == ["freeze local node", "local node stays frozen: n1 may have taken it out"]
    third.begin()
    second.node.state.freeze()  # as the daemon does it that was asked to
    monkeypatch.setattr(calling.Call, "connect", killed)
    with pytest.raises(KeyboardInterrupt):
        leave(second.node, say=said.append)
    assert froze(second) == ["freeze", "thaw", "freeze"]


def test_a_leave_that_was_killed_before_it_knew_its_end_can_be_repeated_by_any_member(cluster, monkeypatch):
    first, second, third = cluster
    joined(second, first)
    joined(third, first)
    with monkeypatch.context() as patch:
        patch.setattr(leaving, "files", SimpleNamespace(write_private=killed))  # that it was taken out is not written down
        with pytest.raises(KeyboardInterrupt):
            leave(second.node, say=lambda _: None)
    assert (members(first.node), members(second.node)) == (["n1", "n3"], ["n1", "n2", "n3"])
    said = []
    leave(second.node, say=said.append)
    assert said[-1] == "leave node n1"
    assert (members(first.node), members(second.node)) == (["n1", "n3"], ["n2"])


@pytest.mark.parametrize(("step", "last"), [("connect", "thaw"), ("getresponse", "freeze")], ids=["connecting", "answered"])
def test_an_interrupted_leave_thaws_only_where_nobody_was_asked(cluster, monkeypatch, step, last):
    first, second, _ = cluster
    joined(second, first)
    monkeypatch.setattr(calling.Call, step, killed)
    with pytest.raises(KeyboardInterrupt):
        leave(second.node, say=lambda _: None)
    assert froze(second)[-1] == last


@pytest.mark.parametrize("step", ["make_private", "cluster_file", "prepare", "tell_daemon"])
def test_a_leave_that_was_killed_at_any_step_can_be_repeated(cluster, monkeypatch, step):
    first, second, _ = cluster
    joined(second, first)
    authority, secret = read_authority(second), secret_of(second.node)
    with monkeypatch.context() as patch:
        patch.setattr(leaving, step, killed)
        with pytest.raises(KeyboardInterrupt):
            leave(second.node, say=lambda _: None)
    asked = len(second.monitor.asked)
    leave(second.node, say=lambda _: None)
    assert (members(first.node), members(second.node)) == (["n1"], ["n2"])
    assert read_authority(second) != authority
    assert secret_of(second.node) not in ("", secret)
    assert ("changed",) in second.monitor.asked[asked:]
    assert froze(second)[-1] == "freeze"
    with pytest.raises(ActionRefused, match="nothing to leave"):
        leave(second.node, is_forced=True)


def test_a_join_after_a_killed_leave_is_a_join(cluster, monkeypatch):
    first, second, _ = cluster
    joined(second, first)
    with monkeypatch.context() as patch:
        patch.setattr(leaving, "prepare", killed)
        with pytest.raises(KeyboardInterrupt):
            leave(second.node, say=lambda _: None)
    joined(second, first)
    said = []
    leave(second.node, say=said.append)
    assert "leave node n1" in said
    assert members(first.node) == ["n1"]


def test_a_node_in_no_cluster_has_nothing_to_leave(cluster):
    first, _, _ = cluster
    secret, said = secret_of(first.node), []
    with pytest.raises(ActionRefused, match="n1 is in no cluster with others: there is nothing to leave"):
        leave(first.node, is_forced=True, say=said.append)
    assert (said, first.node.state.is_frozen(), secret_of(first.node)) == ([], False, secret)


def read_authority(house):
    return house.trust.authority.read_bytes()


def froze(house):
    return [what[1] for what in house.monitor.asked if what[0] == "node"]
