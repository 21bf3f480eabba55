"""Who may do what: each cell of the table, over the sockets by which such a caller comes."""

import os
import socket
import time

import pytest
from opensvc_daemon.listener.api import ROUTES
from opensvc_daemon.listener.rights import TABLE, Caller, Right, rights_markdown
from opensvc_daemon.trust import tokens

BODIES = {
    "/v1/services/{service}/requests": b'{"wish": "start"}',
    "/v1/node": b'{"do": "freeze"}',
    "/v1/daemon": b'{"do": "maintenance"}',
    "/v1/links/{name}": b'{"run": true}',
    "/v1/services/{service}/config": b'{"text": ""}',
    "/v1/join": b'{"step": "hello", "node": "n9", "nonce": "AAAA"}',
}
NOBODY = 65534


@pytest.fixture
def crowd(houses, open_folder):
    """A member n1, a member n2 and n3, which is none, with certificates of the same authority, and tokens."""
    first = houses("n1", "[cluster]\nname = default\nnodes = n1 n2\n", below=open_folder)
    made = {role: tokens.make(first.node, f"t-{role}", role) for role in tokens.ROLES}
    others = {caller: houses(name, begins=False) for caller, name in ((Caller.NODE, "n2"), (Caller.FORMER, "n3"))}
    for other in others.values():
        lend_certificate(first, other)
    first.run(first.listener.reconfigure())
    return first, others, made


def lend_certificate(first, other):
    from datetime import UTC, datetime

    from opensvc_daemon.trust import files, keeping
    from opensvc_daemon.trust.authority import Authority, Identity

    authority = Authority.read(files.read(first.trust.authority))
    keeping.install(other.trust, authority, Identity.new(other.name, authority, datetime.now(UTC)))


def status_of(caller, crowd, route):
    first, others, made = crowd
    path = route.path.replace("{service}", "svc1").replace("{id}", "ffff").replace("{name}", "hb%231.rx")
    body = BODIES.get(route.path, b"{}") if route.method != "GET" else b""
    if caller in (Caller.OWNER, Caller.USER):
        return int(local_answer(first, route.method, path, body, uid=0 if caller is Caller.OWNER else NOBODY).split()[1])
    token = made.get(caller.name.lower(), "")
    head = f"{route.method} {path} HTTP/1.0\r\nHost: n1\r\nContent-Length: {len(body)}\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    return tls_status(first, others.get(caller), head.encode() + b"\r\n" + body)


def tls_status(house, of, data):
    from opensvc_daemon.trust import contexts

    context = contexts.calling(of.trust) if of else contexts.asking()
    with context.wrap_socket(socket.create_connection(house.place, 60), server_hostname="n1") as sock:
        sock.sendall(data)
        return int(sock.recv(4096).split()[1])


def local_answer(house, method, path, body, *, uid):
    """The begin of the answer by the unix socket, as a user: the kernel tells who connects, so a child has to."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(60)
                sock.connect(str(house.node.paths.run / "api.sock"))
                sock.sendall(f"{method} {path} HTTP/1.0\r\nHost: n1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                answer = sock.recv(4096)
                while answer.split()[1] == b"403" and (part := sock.recv(4096)):
                    answer += part
                os.write(writing, answer[:4096])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        found = file.read()
    os.waitpid(child, 0)
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to call as another user; run the tests as root")
@pytest.mark.parametrize("caller", Caller, ids=lambda caller: caller.name.lower())
def test_each_route_is_for_those_of_the_table(crowd, caller):
    refused = 401 if caller in (Caller.STRANGER, Caller.FORMER) else 403
    found = {f"{route.method} {route.path}": status_of(caller, crowd, route) != refused for route in ROUTES}
    assert found == {f"{route.method} {route.path}": caller in TABLE[route.right] for route in ROUTES}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to call as another user; run the tests as root")
def test_another_user_is_told_the_way_out(crowd):
    answer = local_answer(crowd[0], "POST", "/v1/services/svc1/requests", b'{"wish": "start"}', uid=NOBODY)
    assert b"is not for uid 65534" in answer
    assert b"; do it as root, or by sudo" in answer


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to call as another user; run the tests as root")
def test_another_user_keeps_root_from_nothing(crowd):
    first = crowd[0]
    told, telling = os.pipe()
    waiting, ending = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ending)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            socks = [socket.socket(socket.AF_UNIX) for _ in range(40)]
            for sock in socks:
                sock.settimeout(60)
                sock.connect(str(first.node.paths.run / "api.sock"))
            os.write(telling, bytes([sum(sock.recv(1) == b"" for sock in socks[32:])]))
            os.read(waiting, 1)
        finally:
            os._exit(0)
    os.close(telling)
    os.close(waiting)
    try:
        assert os.read(told, 1) == bytes([8])
        assert first.client.get("/v1/alive") == {"node": "n1"}
    finally:
        os.close(told)
        os.close(ending)
        os.waitpid(child, 0)


def test_every_right_is_asked_for_by_a_route():
    assert {route.right for route in ROUTES} == set(Right)


def test_who_was_refused_changed_nothing(crowd):
    first, _, made = crowd
    before = first.node.store.text(first.node.paths.etc / "cluster.conf")
    for route in ROUTES:
        for caller in (Caller.GUEST, Caller.FORMER, Caller.STRANGER):
            if caller not in TABLE[route.right]:
                status_of(caller, crowd, route)
    assert first.monitor.asked == []
    assert first.node.store.text(first.node.paths.etc / "cluster.conf") == before
    assert not any(token in text for token in made.values() for _, text, _ in first.log)


def test_a_certificate_of_a_node_that_has_left_counts_for_nothing(crowd):
    first, others, _ = crowd
    other = others[Caller.NODE]
    assert first.remote(of=None)("GET", "/v1/status")[0] == 401
    assert tls_status(first, other, b"GET /v1/status HTTP/1.0\r\n\r\n") == 200
    first.node.change("cluster", lambda document: document.set("cluster", "nodes", "n1"))
    first.run(first.listener.reconfigure())
    assert tls_status(first, other, b"GET /v1/status HTTP/1.0\r\n\r\n") == 401


def test_a_revoked_token_counts_no_more(crowd):
    first, _, made = crowd
    assert first.remote(token=made["admin"])("GET", "/v1/status")[0] == 200
    tokens.revoke(first.node, "t-admin")
    first.run(first.listener.reconfigure())
    status, answer = first.remote(token=made["admin"])("GET", "/v1/status")
    assert (status, answer["error"][:14]) == (401, "GET /v1/status")


def test_refusals_fill_no_disk(crowd):
    first, _, _ = crowd
    begun = time.monotonic()
    for _ in range(60):
        first.remote()("GET", "/v1/status")
    minutes = 1 + (time.monotonic() - begun) // 60
    assert 20 <= len(first.log) <= min(20 * minutes, 59)


def test_the_page_tells_the_table():
    text = rights_markdown()
    assert "| operate | yes |  | yes | yes | yes |  |  |" in text
    assert "| join | yes | yes | yes | yes | yes | yes | yes |" in text
    assert all(caller.value in text for caller in Caller)
    assert all(right.value in text for right in Right)
