"""Nodes join and rejoin: real listeners on loopback, real files, and a stranger in between."""

import os
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from opensvc_daemon.client import NoDaemon
from opensvc_daemon.trust import contexts, exchange, files, join, joining, membership, rejoin
from opensvc_daemon.trust.authority import Identity
from opensvc_daemon.trust.membership import cluster_text, install_cluster_text, members, secret_of
from opensvc_daemon.trust.places import Place

from opensvc_core.api import ActionRefused, UsageError

from .conftest import joined, killed


def test_a_node_joins_and_says_so_as_people_know_it(cluster):
    first, second, _ = cluster
    assert joined(second, first) == ["freeze local node", "add heartbeat hb#1", "join node 127.0.0.1", "thaw local node"]
    assert members(second.node) == members(first.node) == ["n1", "n2"]
    assert secret_of(second.node) == secret_of(first.node)
    etc = [one.node.paths.etc / "cluster.conf" for one in (first, second)]
    assert etc[0].read_text() == etc[1].read_text()
    assert first.node.store.descent(etc[0]) == second.node.store.descent(etc[1])
    assert ("node", "freeze", "n2") in second.monitor.asked
    assert second.monitor.asked[-1] == ("node", "thaw", "n2")
    assert ("changed",) in first.monitor.asked
    assert ("changed",) in second.monitor.asked


def test_members_know_each_other_by_their_certificates(cluster):
    first, second, _ = cluster
    joined(second, first)
    assert first.run(first.listener.peers.call("n2", "GET", "/v1/status"))["me"] == "n2"
    assert second.run(second.listener.peers.call("n1", "GET", "/v1/status"))["me"] == "n1"
    assert second.client.get("/v1/status", node="n1")["me"] == "n1"


def test_the_second_member_takes_a_third_in_and_all_have_one_file(cluster):
    first, second, third = cluster
    joined(second, first)
    joined(third, second)
    assert members(first.node) == members(second.node) == members(third.node) == ["n1", "n2", "n3"]
    descents = {str(one.node.store.descent(one.node.paths.etc / "cluster.conf")) for one in cluster}
    assert len(descents) == 1


def test_nodes_that_join_by_two_members_at_once_both_become_members(cluster, houses):
    first, second, third = cluster
    joined(second, first)
    fourth = houses("n4")
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(joined, third, first), pool.submit(joined, fourth, second)]:
            done.result(120)
    told = cluster_text(first.node)
    for one in (first, second, third, fourth):  # what came late settles, as the daemons do it: nobody has edited another copy
        if cluster_text(one.node)["digest"] != told["digest"]:
            install_cluster_text(one.node, *membership.told(told), "n1")
        assert sorted(members(one.node)) == ["n1", "n2", "n3", "n4"]


def test_a_wrong_secret_changes_nothing(cluster):
    first, second, _ = cluster
    before = everything(second), everything(first)
    with pytest.raises(ActionRefused, match="the secret is not this cluster's"):
        joined(second, first, "f" * 32)
    assert (everything(second), everything(first)) == before
    assert [what for what in second.monitor.asked if what[0] == "node"] == [("node", "freeze", "n2"), ("node", "thaw", "n2")]
    assert not any("f" * 32 in text for _, text, _ in first.log)


def test_guessing_is_held_up(cluster):
    first, second, _ = cluster
    for _ in range(5):
        with pytest.raises(ActionRefused, match="not this cluster's"):
            joined(second, first, "f" * 32)
    with pytest.raises(ActionRefused, match=r"5 wrong proofs came from 127\.0\.0\.1"):
        joined(second, first)


def test_a_short_or_missing_secret_is_not_even_sent(cluster):
    first, second, _ = cluster
    with pytest.raises(ActionRefused, match="can be guessed"):
        joined(second, first, "secret")
    with pytest.raises(UsageError, match="which secret"):
        join(second.node, "127.0.0.1", "", port=first.port)


def test_nobody_there_is_told_and_the_node_is_thawed(cluster):
    second = cluster[1]
    said = []
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NoDaemon, match=f"can't be reached at port {port}"):
        join(second.node, "127.0.0.1", "f" * 32, port=port, say=said.append)
    assert second.monitor.asked[-1] == ("node", "thaw", "n2")


def test_who_stands_in_between_learns_and_changes_nothing(cluster, houses):
    first, second, _ = cluster
    evil = houses("evil")
    before = everything(second), everything(first)
    with Between(evil, first) as between, pytest.raises(ActionRefused, match="not this cluster's"):
        join(second.node, "127.0.0.1", secret_of(first.node), port=between.port, say=lambda _: None)
    assert (everything(second), everything(first)) == before
    assert secret_of(first.node).encode() not in between.seen


def test_a_false_member_is_not_believed(cluster, houses):
    _, second, _ = cluster
    evil = houses("evil")
    with pytest.raises(ActionRefused):
        joined(second, evil, "f" * 32)
    assert members(second.node) == ["n2"]


def test_a_proof_is_good_once(cluster):
    first = cluster[0]
    ask = Steps(first, "n2")
    assert "sealed" in ask.prove()[1]
    status, answer = ask.prove()
    assert status == 409
    assert "not this cluster's" in answer["error"]


def test_a_proof_is_good_for_one_name_only(cluster):
    ask = Steps(cluster[0], "n2")
    assert ask.prove(node="n3")[0] == 409


def test_a_name_that_is_taken_is_refused(cluster, houses):
    first, second, _ = cluster
    joined(second, first)
    twin, own = houses("n2"), houses("n1")
    first.monitor.reach = {"n2": "beating"}
    with pytest.raises(ActionRefused, match="a member n2 is here already"):
        joined(twin, first)
    with pytest.raises(ActionRefused, match="a member n1 is here already"):
        joined(own, first)


def test_a_join_that_was_killed_at_any_step_can_be_repeated(cluster, monkeypatch):
    first, second, _ = cluster
    steps = [(files, "write_private"), (joining, "install_cluster_text"), (joining, "_install_sections"), (joining, "tell_daemon")]
    for module, name in steps:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, killed)
            with pytest.raises(KeyboardInterrupt):
                joined(second, first)
    first.monitor.reach = {"n2": "beating"}
    assert joined(second, first)[-1] == "thaw local node"
    assert members(second.node) == ["n1", "n2"]
    assert first.run(first.listener.peers.call("n2", "GET", "/v1/alive")) == {"node": "n2"}


def test_a_node_with_a_cluster_of_its_own_has_to_leave_first(cluster, houses):
    first, second, _ = cluster
    joined(second, first)
    other = houses("m1")
    with pytest.raises(ActionRefused, match="n2 is in a cluster with n1: 'om daemon leave' first"):
        joined(second, other, secret_of(other.node))


def test_rejoin_fetches_certificates_and_configuration_anew(cluster):
    first, second, third = cluster
    joined(second, first)
    second.trust.forget()
    joined(third, first)
    first.run(first.listener.stop())
    rejoin(second.node, say=lambda _: None)
    first.begin()
    rejoin(second.node, "n1", say=lambda _: None)
    assert members(second.node) == ["n1", "n2", "n3"]
    assert first.run(first.listener.peers.call("n2", "GET", "/v1/alive")) == {"node": "n2"}


def test_what_is_secret_is_in_private_files_only(cluster):
    first, second, _ = cluster
    joined(second, first)
    secret = secret_of(first.node)
    for house in (first, second):
        holding = [path for path in house.folder.rglob("*") if path.is_file() and has_secret(path, secret)]
        assert sorted(path.name for path in holding) == ["ca.pem", "cluster.conf", "node.pem"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}
        assert stat.S_IMODE(house.trust.folder.stat().st_mode) == 0o700


def test_heartbeats_of_the_members_node_conf_come_along(cluster):
    first, second, _ = cluster
    first.node.change("cluster", lambda document: document.delete_section("hb#1"))
    first.node.change("node", lambda document: document.set("hb#2", "type", "unicast"))
    own = second.node.paths.etc / "node.conf"
    own.write_text(own.read_text() + "\n[cluster]\nname = old\n\n[node]\nenv = PRD\n")
    assert "add heartbeat hb#2" in joined(second, first)
    document = second.node.store.read(second.node.paths.etc / "node.conf")
    assert document.items("hb#2") == {"type": "unicast"}
    assert not document.has_section("cluster")
    assert document.get("node", "env") == "PRD"


class Steps:
    """A join by hand."""

    def __init__(self, member, name):
        self.member, self.name, self.asked = member, name, os.urandom(exchange.NONCE)
        self.identity = None
        from opensvc_daemon.trust.authority import new_key, request_pem

        self.request = request_pem(name, new_key())
        status, hello = member.remote()("POST", "/v1/join", {"step": "hello", "node": name, "nonce": b64(self.asked)})
        assert status == 200
        self.answered = hello["nonce"]

    def prove(self, node=""):
        import base64

        pem = files.read(self.member.trust.node)
        from cryptography.hazmat.primitives.serialization import Encoding

        server = Identity.read(pem).certificate.public_bytes(Encoding.DER)
        script = exchange.Transcript(self.name, self.asked, base64.b64decode(self.answered), server, self.request)
        shown = b64(exchange.proof(secret_of(self.member.node), script))
        body = {"step": "prove", "node": node or self.name, "nonce": b64(self.asked), "answered": self.answered}
        return self.member.remote()("POST", "/v1/join", {**body, "request": self.request.decode(), "proof": shown})


class Between:
    """Someone between a node and a member: speaks TLS to both, with a certificate of its own, and hands all bytes on."""

    def __init__(self, evil, member):
        self._context, self._member, self.seen = contexts.serving(evil.trust), member, b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            plain.settimeout(60)
            try:
                with self._context.wrap_socket(plain, server_side=True) as victim, self._onward() as member:
                    self._hand_on(victim, member)
            except OSError:
                continue

    def _onward(self):
        return contexts.asking().wrap_socket(socket.create_connection(Place("127.0.0.1", self._member.port), 60))

    def _hand_on(self, victim, member):
        def back():
            try:
                while data := member.recv(65536):
                    self.seen += data
                    victim.sendall(data)
            except OSError:
                pass

        thread = threading.Thread(target=back)
        thread.start()
        try:
            while data := victim.recv(65536):
                self.seen += data
                member.sendall(data)
        finally:
            member.shutdown(socket.SHUT_RDWR)
            thread.join()


def everything(house):
    return {
        str(path.relative_to(house.folder)): path.read_bytes()
        for path in sorted(house.folder.rglob("*"))
        if path.is_file() and path.name != "lock" and path.suffix != ".lock"
    }


def has_secret(path, secret):
    data = path.read_bytes()
    return secret.encode() in data or b"PRIVATE KEY" in data


def b64(data):
    import base64

    return base64.b64encode(data).decode()
