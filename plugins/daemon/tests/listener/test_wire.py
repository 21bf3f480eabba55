"""The wire: what strangers may send, and how long and how large it may be; TLS, and certificates replaced while it runs."""

import asyncio
import json
import random
import socket
import ssl
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta

import pytest
from opensvc_daemon.listener import answering, app, gate, listening, protocol
from opensvc_daemon.trust import contexts, keeping
from opensvc_daemon.trust.authority import Identity
from opensvc_daemon.trust.files import read

from opensvc_core.testing.waiting import wait_for

HEAD = b"POST /v1/services/svc1/requests HTTP/1.1\r\nHost: n1\r\nContent-Type: application/json\r\n"


def code(answer):
    return int(answer.split()[1]) if answer else 0


@pytest.mark.parametrize("tls", [True, False], ids=["tcp", "unix"])
@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00garbage",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\n\r\n",
        b"GET /v1/status\r\n\r\n",
        b"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70000,
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0" * 4096,
    ],
    ids=["binary", "version", "no-host", "no-version", "bytes", "headers", "line", "lengths", "negative", "chunks", "http2", "zeros"],
)
def test_what_is_no_http_is_refused_in_json_and_changes_nothing(house, data, tls):
    answer = house.raw(data, tls=tls)
    if answer or not tls or len(data) < 65536:  # a reset because of what was not read any more may overtake the answer
        assert code(answer) in (400, 401, 404, 431)
        assert b'"error": ' in answer
        assert b'"id": ' in answer
    assert house.monitor.asked == []
    assert house.client.get("/v1/alive") == {"node": "n1"}


def test_a_body_too_large_is_refused_before_it_came(house):
    answer = house.raw(HEAD + b"Content-Length: 99999999\r\n\r\n", tls=False)
    assert code(answer) == 413
    begun = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n10000\r\n" + b"x" * 65536 + b"\r\n"
    assert code(house.raw(begun, tls=False)) == 413
    assert house.monitor.asked == []


ALIVE = b"GET /v1/alive HTTP/1.1\r\nHost: n1\r\n"


@pytest.mark.parametrize("tls", [True, False], ids=["tcp", "unix"])
def test_one_connection_serves_many_requests_and_each_waits_for_its_turn(house, tls):
    answer = house.raw(2 * (ALIVE + b"\r\n") + ALIVE + b"Connection: close\r\n\r\n" + b"and more", tls=tls)
    assert answer.count(b"HTTP/1.1 401 " if tls else b"HTTP/1.1 200 ") == (1 if tls else 3)  # after a refusal the connection ends
    assert answer.count(b"onnection: close") == 1


def test_a_connection_that_says_nothing_for_long_is_closed(house, monkeypatch):
    monkeypatch.setattr(protocol, "IDLE_SECONDS", 0.2)
    begun = time.monotonic()
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 60.0)
    assert code(house.raw(ALIVE + b"\r\n", tls=False, wait=60)) == 200
    assert time.monotonic() - begun < protocol.HEADER_SECONDS / 2


def test_half_of_a_next_request_has_to_come_to_its_end_in_time(house, monkeypatch):
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 3.0)  # the first request has to come in it, too
    monkeypatch.setattr(protocol, "IDLE_SECONDS", 60.0)
    begun = time.monotonic()
    assert code(house.raw(ALIVE + b"\r\n" + ALIVE, tls=False, wait=60)) == 200
    assert time.monotonic() - begun < protocol.IDLE_SECONDS / 2


def test_who_asks_for_the_head_of_an_answer_gets_no_body(house):
    answer = house.raw(b"HEAD /v1/alive HTTP/1.1\r\nHost: n1\r\n\r\n", tls=False)
    assert code(answer) == 405
    assert b"content-length" in answer.lower()
    assert answer.endswith(b"\r\n\r\n")


def test_who_waits_with_the_body_is_told_to_send_it(house):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(house.node.paths.run / "api.sock"))
        sock.sendall(HEAD + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 17\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
        sock.sendall(b'{"wish": "start"}')
        assert code(sock.recv(4096)) == 202


def test_a_large_body_comes_in_parts(house):
    text = "# " + "x" * 600_000
    body = json.dumps({"text": text, "replaces": None}).encode()
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[at : at + 50_000] for at in range(0, len(body), 50_000)))
    head = b"PUT /v1/services/svc1/config HTTP/1.1\r\nHost: n1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert code(house.raw(head + parts + b"0\r\n\r\n", tls=False, wait=20)) == 200
    assert house.monitor.asked == [("config", "svc1", text, None)]


def test_a_reader_that_goes_is_noticed_at_once(house, monkeypatch):
    monkeypatch.setattr(answering, "QUIET_SECONDS", 60.0)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(house.node.paths.run / "api.sock"))
        sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: n1\r\n\r\n")
        assert code(sock.recv(4096)) == 200
        wait_for(lambda: house.monitor.readers)
    wait_for(lambda: not house.monitor.readers, seconds=answering.QUIET_SECONDS / 2)


def test_a_stop_lets_an_answer_come_to_its_end_and_closes_what_is_idle(house, monkeypatch):
    monkeypatch.setattr(listening, "_PATIENCE", 60.0)
    name = house.client.post("/v1/services/svc1/requests", {"wish": "start"})["id"]
    with socket.socket(socket.AF_UNIX) as idle, socket.socket(socket.AF_UNIX) as waiting:
        for sock in (idle, waiting):
            sock.settimeout(60)
            sock.connect(str(house.node.paths.run / "api.sock"))
        idle.sendall(ALIVE + b"\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += idle.recv(4096)
        waiting.sendall(f"GET /v1/requests/{name}?wait=60 HTTP/1.1\r\nHost: n1\r\n\r\n".encode())
        wait_for(lambda: house.monitor.readers)
        stopping = asyncio.run_coroutine_threadsafe(house.listener.stop(), house.loop)
        assert idle.recv(1) == b""
        house.soon(house.monitor.end, name)
        assert b'"progress": "done"' in b"".join(iter(lambda: waiting.recv(4096), b""))
        stopping.result(60)


def test_headers_that_never_end_are_cut(house, monkeypatch):
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.2)
    begun = time.monotonic()
    assert house.raw(b"GET /v1/status HTTP/1.1\r\nHost:", tls=False) == b""
    with socket.socket(socket.AF_UNIX) as sock, pytest.raises(OSError):
        sock.settimeout(60)
        sock.connect(str(house.node.paths.run / "api.sock"))
        while time.monotonic() - begun < 60:
            sock.sendall(b"G")  # a byte at a time does not help
            time.sleep(0.02)
    assert time.monotonic() - begun < 60


def test_a_body_that_never_comes_is_cut(house, monkeypatch):
    monkeypatch.setattr(app, "BODY_SECONDS", 0.2)
    assert code(house.raw(HEAD + b"Content-Length: 10\r\n\r\n{", tls=False)) == 408
    assert house.monitor.asked == []


def test_a_gate_that_closes_as_a_handshake_ends_leaves_the_socket_to_its_transport(house):
    """Closed under the transport, its number would be that of the next socket, for which the loop has another one."""

    class Closing(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport
            entrance.close()
            made.set()

    made, protocols = asyncio.Event(), []

    async def close_in_time(listening):
        nonlocal entrance
        entrance = gate.Gate(
            listening,
            lambda _left: protocols.append(Closing()) or protocols[-1],
            context=lambda: house.listener._serving,
            most=9,
            most_each=9,
        )
        calling = asyncio.create_task(asyncio.to_thread(shake, listening.getsockname()))
        await made.wait()
        for _ in range(5):  # what was cancelled has ended
            await asyncio.sleep(0)
        with ExitStack() as stack:
            for _ in range(9):
                fresh = stack.enter_context(socket.socket())
                asyncio.get_running_loop().add_reader(fresh, print)
                asyncio.get_running_loop().remove_reader(fresh)
        protocols[0].transport.abort()
        await calling

    def shake(place):
        with socket.create_connection(place, 60) as plain, contexts.asking().wrap_socket(plain) as sock, suppress(OSError):
            sock.recv(1)

    entrance = None
    house.run(close_in_time(socket.create_server(("127.0.0.1", 0))))


def test_a_handshake_that_never_ends_is_cut(house, monkeypatch):
    monkeypatch.setattr(gate, "HANDSHAKE_SECONDS", 0.2)
    with socket.create_connection(house.place, 60) as sock:
        assert sock.recv(1) == b""


def test_one_address_gets_so_many_connections_and_no_more(house, monkeypatch):
    monkeypatch.setattr(gate, "HANDSHAKE_SECONDS", 120.0)
    with ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(house.place, 60)) for _ in range(40)]
        for sock in socks:
            sock.setblocking(False)
        wait_for(lambda: sum(map(is_closed, socks)) >= 8)
        assert sum(map(is_closed, socks)) == 8
        assert house.client.get("/v1/alive") == {"node": "n1"}
    wait_for(lambda: not house.listener._remote.count)
    assert house.remote()("GET", "/v1/status")[0] == 401


def test_older_tls_and_plain_http_are_refused(house):
    context = contexts.asking()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(house.place, 60) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(plain)
    with socket.create_connection(house.place, 60) as plain:
        plain.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")


def test_a_certificate_of_another_cluster_is_refused(house, houses):
    other = houses("n1", "[cluster]\nname = other\n")
    context = contexts.calling(other.trust)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    refused = (ssl.SSLError, ConnectionError)
    with socket.create_connection(house.place, 60) as plain, pytest.raises(refused), context.wrap_socket(plain) as sock:
        sock.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
        if not sock.recv(100):  # in TLS 1.3 a server tells when the client believes to be through
            raise ConnectionError


def test_a_caller_believes_no_other_name(house):
    with pytest.raises(ssl.SSLCertVerificationError), socket.create_connection(house.place, 60) as plain:
        contexts.calling(house.trust).wrap_socket(plain, server_hostname="n2")


def test_a_certificate_is_renewed_without_closing_the_port_or_a_stream(house):
    house.node.change("cluster", lambda document: document.set("cluster", "nodes", "n1"))
    house.run(house.listener.reconfigure())
    before = read(house.trust.node)
    context = contexts.calling(house.trust)
    with context.wrap_socket(socket.create_connection(house.place, 60), server_hostname="n1") as stream:
        stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: n1\r\n\r\n")
        assert b"200" in stream.recv(4096)
        keeping.keep(house.trust, cluster="default", node="n1", now=datetime.now(UTC) + timedelta(days=300))
        house.run(house.listener.reconfigure())
        assert read(house.trust.node) != before
        assert house.remote(of=house)("GET", "/v1/alive") == (200, {"node": "n1"})
        wait_for(lambda: house.monitor.readers)
        house.soon(house.monitor.publish, "node")
        assert b'"kind": "node"' in stream.recv(4096)
    served = Identity.read(read(house.trust.node)).certificate
    with contexts.asking().wrap_socket(socket.create_connection(house.place, 60)) as sock:
        from cryptography.hazmat.primitives.serialization import Encoding

        assert sock.getpeercert(binary_form=True) == served.public_bytes(Encoding.DER)


def test_the_port_moves_with_the_configuration_and_zero_closes_it(house):
    assert house.listener.report == {"state": "running", "detail": f"127.0.0.1:{house.port}", "why": ""}
    house.node.change("node", lambda document: document.set("listener", "port", "0"))
    house.run(house.listener.reconfigure())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(house.place, 60)
    assert house.client.get("/v1/alive") == {"node": "n1"}
    house.node.change("node", lambda document: document.set("listener", "port", str(house.port)))
    house.run(house.listener.reconfigure())
    assert house.remote()("GET", "/v1/status")[0] == 401


def test_a_port_in_use_is_told_and_tried_again(house):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        house.node.change("node", lambda document: document.set("listener", "port", str(taken.getsockname()[1])))
        house.run(house.listener.reconfigure())
        assert house.listener.report["state"] == "failed"
        assert "Address already in use" in house.listener.report["why"]
        assert house.client.get("/v1/alive") == {"node": "n1"}
    house.run(house.listener.reconfigure())
    assert house.listener.report["state"] == "running"


def test_a_reader_that_takes_nothing_is_cut(house, monkeypatch):
    monkeypatch.setattr(answering, "READER_SECONDS", 0.3)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(house.node.paths.run / "api.sock"))
        sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: n1\r\n\r\n")
        wait_for(lambda: house.monitor.readers)
        for _ in range(400):
            house.soon(house.monitor.publish, "node", data={"x": "y" * 10000})
        wait_for(lambda: not house.monitor.readers)


@pytest.mark.parametrize("seed", range(4))
def test_forged_cut_and_changed_calls_change_nothing(house, seed, monkeypatch):
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.05)
    monkeypatch.setattr(app, "BODY_SECONDS", 0.05)
    chance = random.Random(seed)
    whole = HEAD + b'Content-Length: 17\r\nX-Request-Id: aa\r\n\r\n{"wish": "start"}'
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        house.raw(bytes(data[: chance.randint(1, len(data))]), tls=True)
    assert house.monitor.asked == []
    assert house.client.get("/v1/alive") == {"node": "n1"}


@pytest.mark.parametrize("seed", range(4))
def test_a_fuzzed_body_is_an_error_of_the_caller(house, seed):
    chance = random.Random(seed)
    pool = [b"{", b"}", b"[", b'"wish"', b":", b'"start"', b",", b"1e999", b"null", b'"\\ud800"', b"\xff", b'{"to":', b"-", b'"']
    for _ in range(100):
        body = b"".join(chance.choices(pool, k=chance.randint(1, 12)))
        answer = house.raw(HEAD + f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body, tls=False)
        assert code(answer) in (202, 400), body
    deep = b"[" * 60000
    assert code(house.raw(HEAD + f"Content-Length: {len(deep)}\r\n\r\n".encode() + deep, tls=False)) == 400


def is_closed(sock):
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_a_slow_reader_is_told_how_much_it_has_missed(houses):
    from opensvc_daemon.monitor.events import Events

    slow = houses("n1", begins=False)

    async def made():
        return Events()

    slow.monitor.events = slow.run(made())
    slow.begin()
    stream = slow.client.stream("/v1/events")
    slow.soon(slow.monitor.events.publish, "first")
    import threading

    ready = threading.Event()
    first = []
    reader = threading.Thread(target=lambda: (first.append(next(stream)), ready.set()))
    reader.start()
    while not ready.wait(0.05):
        slow.soon(slow.monitor.events.publish, "first")
    reader.join()
    last = slow.run(count_of(slow.monitor.events, 5000))
    found, missed = [first[0]["id"]], 0
    for event in stream:
        if event["kind"] == "missed":
            missed += event["data"]["count"]
        else:
            found.append(event["id"])
        if event["id"] == last:
            break
    stream.close()
    assert found == sorted(set(found))
    assert missed > 0
    assert len(found) + missed == last - found[0] + 1


async def count_of(events, count):
    """Publish so many, with room for the listener in between; the last id."""
    import asyncio

    last = 0
    for number in range(count):
        last = events.publish("node", data={"x": "y" * 4000})
        if number % 50 == 0:
            await asyncio.sleep(0)
    return last
