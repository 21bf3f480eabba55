"""An arbitrator as a process, asked over real sockets by nodes, and by strangers."""

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import time
from contextlib import closing
from threading import Thread

import pytest
from opensvc_daemon.guards.asking import consult, vote
from opensvc_daemon.guards.sealed import Way, opened, sealed
from opensvc_daemon.heartbeat.keyring import Secret
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Epoch, Owner, Release, Request
from opensvc_daemon.lease.refusals import Code

LEASE = 4.0
VOTERS = Membership.first(Voters((Member("arb"), Member("n1"), Member("n2")), LEASE))
OTHER = Secret.of_text("another secret of sixteen bytes")


def asked(node, number, *, service="svc1", epoch=VOTERS.epoch):
    return Request(service, Owner(node, 7), number, epoch)


def voted(place, node="n1"):
    return asyncio.run(vote(place, node))


def granted(place, request):
    """None: granted; else the code of the refusal."""
    refusal = consult(place, request.owner.node, requests=[request]).answers[0].refusal
    return refusal and refusal.code


def granted_in_time(place, request, seconds=120.0):
    """Ask until it is granted, as a holder does."""
    end = time.monotonic() + seconds
    while (code := granted(place, request)) is not None:
        assert time.monotonic() < end, code
        time.sleep(0.02)
        request = request._replace(number=request.number + 1)
    return request


# -- votes


def test_it_votes_for_who_has_the_secret(arbitrator, end):
    process, place = arbitrator()
    assert voted(place)
    assert end(process) == 0
    assert not voted(place)


def test_there_is_no_vote_under_another_secret(arbitrator):
    _, place = arbitrator()
    assert not voted(place._replace(secret=OTHER))


def test_there_is_no_vote_under_another_name(arbitrator):
    _, place = arbitrator()
    assert not voted(place._replace(name="brb"))


def test_there_is_no_vote_from_a_place_with_a_finding(arbitrator):
    _, place = arbitrator()
    assert not voted(place._replace(finding="arbitrator#arb.timeout: too long"))


def test_a_second_line_of_its_file_is_a_second_secret(arbitrator):
    _, place = arbitrator(secret="another secret of\n0123456789abcdef0123456789abcdef\n".replace(" ", "-"))
    assert voted(place)


@pytest.fixture
def stranger():
    """A server that answers each of its clients with these bytes, after what the client sends or at once."""
    servers = []

    def begin(answer, *, greets=b""):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with closing(client):
                    client.sendall(greets)
                    client.settimeout(60)
                    heard = client.recv(65536)
                    client.sendall(answer(heard) if callable(answer) else answer)

        Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    yield begin
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


GREETING = b'{"word":"x"}\n'


@pytest.mark.parametrize(
    ("greets", "answer"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"<html>yes</html>", id="a web server"),
        pytest.param(GREETING, b'{"voter":"arb"}\n', id="no seal"),
        pytest.param(GREETING, lambda heard: heard, id="an echo"),
        pytest.param(GREETING, sealed(OTHER, Way.ANSWER, {"voter": "arb"}), id="another secret"),
        pytest.param(GREETING, b"", id="nothing"),
        pytest.param(GREETING, b"x" * (2 << 20), id="without an end"),
        pytest.param(b"[" * 4000 + b"\n", b"", id="deep"),
    ],
)
def test_any_other_answer_is_no_vote(arbitrator, stranger, greets, answer):
    _, place = arbitrator()
    assert not voted(place._replace(port=stranger(answer, greets=greets)))


def test_an_answer_to_another_question_is_no_vote(arbitrator, stranger):
    """What a spy has recorded of the real one is worth nothing."""
    _, place = arbitrator()
    with closing(socket.create_connection(("127.0.0.1", place.port))) as spied, spied.makefile("rb") as lines:
        word = json.loads(lines.readline())["word"]
        spied.sendall(sealed(place.secret, Way.QUESTION, {"to": "arb", "from": "n1", "nonce": "old", "word": word}))
        recorded = lines.readline()
    assert opened((place.secret,), Way.ANSWER, recorded)[0]["nonce"] == "old"
    assert not voted(place._replace(port=stranger(recorded, greets=GREETING)))


def test_a_question_counts_once(arbitrator):
    """What a spy has recorded of a node changes nothing when it is sent again."""
    _, place = arbitrator()
    with closing(socket.create_connection(("127.0.0.1", place.port))) as first, first.makefile("rb") as lines:
        word = json.loads(lines.readline())["word"]
        question = sealed(place.secret, Way.QUESTION, {"to": "arb", "from": "n1", "nonce": "n", "word": word})
        first.sendall(question)
        assert lines.readline()
    with closing(socket.create_connection(("127.0.0.1", place.port))) as again, again.makefile("rb") as lines:
        lines.readline()
        again.sendall(question)
        assert lines.readline() == b""


def test_who_does_not_answer_in_time_has_no_vote_and_keeps_nobody_waiting(arbitrator):
    _, place = arbitrator()
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        started = time.monotonic()
        assert not voted(place._replace(port=silent.getsockname()[1], timeout=0.3))
        assert time.monotonic() - started < 20


@pytest.mark.parametrize("data", [b"", b"\n", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01" * 20, b"x" * (2 << 20), b"[" * 100_000 + b"\n"])
def test_strangers_bytes_change_nothing(arbitrator, data):
    process, place = arbitrator()
    with closing(socket.create_connection(("127.0.0.1", place.port))) as strange:
        strange.settimeout(60)
        try:
            strange.sendall(data)
            strange.shutdown(socket.SHUT_WR)
            while strange.recv(65536):
                pass
        except OSError:
            pass  # it was cut
    assert voted(place)
    assert process.poll() is None


def test_a_crowd_of_strangers_that_say_nothing_is_sent_away(arbitrator):
    _, place = arbitrator()
    crowd = [socket.create_connection(("127.0.0.1", place.port)) for _ in range(100)]
    try:
        end = time.monotonic() + 120
        while not voted(place._replace(timeout=60.0)):
            assert time.monotonic() < end
    finally:
        for one in crowd:
            one.close()


# -- by https


@pytest.fixture
def certificate(tmp_path):
    """A certificate that nobody has signed."""
    file = tmp_path / "certificate.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    done = subprocess.run(
        [*argv, "-subj", "/CN=arb", "-keyout", str(file), "-out", f"{file}.crt"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    file.write_text(file.read_text() + (tmp_path / "certificate.pem.crt").read_text())
    return file


def test_by_https_it_votes_and_grants_too(arbitrator, certificate):
    _, place = arbitrator("--certificate", str(certificate), scheme="https")
    assert voted(place)
    assert consult(place, "n1", membership=VOTERS).epoch == VOTERS.epoch
    granted_in_time(place, asked("n1", 1))
    assert not voted(place._replace(secret=OTHER))


def test_an_https_server_that_is_none_has_no_vote(arbitrator, certificate):
    _, place = arbitrator("--certificate", str(certificate), scheme="https")
    assert not voted(place._replace(scheme="tcp"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve():
            client, _ = server.accept()
            with context.wrap_socket(client, server_side=True) as secured:
                secured.recv(65536)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nyes\n")

        thread = Thread(target=serve, daemon=True)
        thread.start()
        assert not voted(place._replace(port=server.getsockname()[1]))
        thread.join(60)


# -- leases


def test_without_a_list_of_voters_it_grants_nothing(arbitrator):
    _, place = arbitrator()
    assert consult(place, "n1").epoch == Epoch(0, "0" * 16)
    assert granted(place, asked("n1", 1)) is Code.NOT_A_MEMBER


def test_it_grants_to_one_at_a_time(arbitrator):
    _, place = arbitrator()
    consult(place, "n1", membership=VOTERS)
    mine = granted_in_time(place, asked("n1", 1))
    assert granted(place, asked("n2", 1)) is Code.HELD
    consult(place, "n1", releases=[Release("svc1", mine.owner, mine.number)])
    assert granted(place, asked("n2", 2)) is None


def test_what_is_not_renewed_runs_out(arbitrator):
    _, place = arbitrator()
    consult(place, "n1", membership=VOTERS)
    first = granted_in_time(place, asked("n1", 1))
    started = time.monotonic()
    assert granted(place, first._replace(number=first.number + 1)) is None
    granted_in_time(place, asked("n2", 1))
    assert time.monotonic() - started >= LEASE


def test_many_services_are_asked_for_at_once(arbitrator):
    _, place = arbitrator()
    consult(place, "n1", membership=VOTERS)
    granted_in_time(place, asked("n1", 1, service="first"))
    said = consult(place, "n1", requests=[asked("n1", 1, service=f"svc{number}") for number in range(500)])
    assert [answer.refusal for answer in said.answers] == [None] * 500
    assert said.answers[499].service == "svc499"


def test_after_a_restart_it_knows_the_voters_and_is_silent_while_old_leases_may_last(arbitrator, end):
    process, place = arbitrator()
    consult(place, "n1", membership=VOTERS)
    granted_in_time(place, asked("n1", 1))
    assert end(process) == 0
    _, place = arbitrator()
    assert consult(place, "n2").epoch == VOTERS.epoch
    assert granted(place, asked("n2", 1)) is Code.STARTING
    granted_in_time(place, asked("n2", 2))


def test_killed_it_comes_back_with_the_later_of_the_lists(arbitrator):
    process, place = arbitrator()
    consult(place, "n1", membership=VOTERS)
    joint = VOTERS.propose(VOTERS.voters.with_member("n3"), ["arb", "n1", "n2", "n3"])
    assert consult(place, "n1", membership=joint).epoch == joint.epoch
    process.kill()
    process.wait(60)
    _, place = arbitrator()
    assert consult(place, "n1").epoch == joint.epoch
    earlier = consult(place, "n1", membership=VOTERS)
    assert earlier.epoch == joint.epoch
    assert "begin from those" in earlier.why
    assert granted(place, asked("n1", 1)) is Code.OTHER_EPOCH


def test_what_it_can_not_read_on_its_disk_ends_it(arbitrator, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "voters.json").write_text("[1")
    (tmp_path / "secret").write_text("0123456789abcdef0123456789abcdef")
    argv = [sys.executable, "-m", "opensvc_daemon.guards.arbitrator", "--name", "arb", "--secret-file", str(tmp_path / "secret")]
    done = subprocess.run(
        [*argv, "--state", str(tmp_path / "state"), "--port", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "can't be read" in done.stderr
    assert "another name" in done.stderr
