"""Sockets that behave badly: what the status says of each, and how long it takes."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from opensvc_driver_container_docker.driver import Docker
from opensvc_driver_container_docker.engine import PATIENCE, Engine, NotRunningError, SilentError

from opensvc_core.api import ActionFailed, Observation, Status
from opensvc_core.testing.fakes import context_for


@pytest.fixture
def serve(tmp_path) -> Iterator:
    """Listens at a path, and gives each who connects an answer; None: never any."""
    made: list[socket.socket] = []

    def listen(answer: bytes | None) -> Engine:
        server = socket.socket(socket.AF_UNIX)
        made.append(server)
        server.bind(str(tmp_path / "s"))
        server.listen()

        def work() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                made.append(connection)
                if answer is not None:
                    connection.recv(4096)
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=work, daemon=True).start()
        return Engine(str(tmp_path / "s"))

    yield listen
    for one in made:
        if one.fileno() >= 0:
            with_shutdown(one)


def with_shutdown(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def test_nobody_at_the_socket_is_a_daemon_that_does_not_run(tmp_path):
    with pytest.raises(NotRunningError, match=r"^docker daemon is not running$"):
        Engine(str(tmp_path / "none")).containers()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale"))
    with pytest.raises(NotRunningError):
        Engine(str(tmp_path / "stale")).containers()


def test_a_socket_that_answers_nothing_is_given_up(serve):
    engine = serve(None)
    began = time.monotonic()
    with pytest.raises(SilentError, match=r"docker daemon does not answer \(0\.2s\)"):
        engine.containers(patience=0.2)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"SSH-2.0\r\n\r\n", "no HTTP"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n[]", "ends after 2 of 100 bytes"),
        (b"HTTP/1.0 200 OK\r\n\r\n[1]", "can't be read"),
        (b'HTTP/1.0 500 Oops\r\n\r\n{"message": "no space left"}', "refuses to list its containers: no space left"),
    ],
    ids=["another protocol", "cut off", "no list", "an error"],
)
def test_an_answer_that_can_t_be_used_is_told(serve, answer, text):
    with pytest.raises(SilentError, match=text):
        serve(answer).containers()


def many(folder, number):
    values = {"image": "busybox", "container_data_dir": str(folder / "data")}
    return [Docker(context_for(f"container#{index}", folder), values) for index in range(number)]


def test_a_silent_daemon_costs_its_time_limit_once_and_makes_every_container_doubtful(tmp_path, serve, monkeypatch):
    containers = many(tmp_path, 20)
    engine, asked = serve(None), []
    get = engine.get
    engine.get = lambda path, patience: asked.append(path) or get(path, patience=patience)
    for one in containers:
        one.private.engine = engine
        one.engine = engine
    began = time.monotonic()
    seen = Docker.statuses(containers)
    assert time.monotonic() - began < 20 * PATIENCE
    assert len(asked) == 1
    assert {one.status for one in seen.values()} == {Status.WARN}
    assert all("does not answer" in one.messages[0].text for one in seen.values() if isinstance(one, Observation))


def test_the_containers_of_a_service_are_seen_by_one_question(tmp_path, serve):
    asked = []
    containers = many(tmp_path, 7)
    engine = serve(b"HTTP/1.0 200 OK\r\n\r\n[]")
    engine.get = lambda path, patience: asked.append(path) or (200, b"[]")
    for one in containers:
        one.engine = engine
    assert set(map(str, (one.status for one in Docker.statuses(containers).values()))) == {"down"}
    assert asked == ["/containers/json?all=1"]


def test_in_the_host_s_daemon_only_our_own_containers_are_asked_for(tmp_path):
    asked = []
    one = Docker(context_for("container#1", tmp_path), {"image": "busybox"})
    one.engine.get = lambda path, patience: asked.append(path) or (200, b"[]")
    one.status()
    assert asked == ["/containers/json?all=1&filters=%7B%22label%22%3A%20%5B%22com.opensvc.path%3Dweb%22%5D%7D"]


def test_a_start_in_the_host_s_daemon_that_does_not_run_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    one = Docker(context_for("container#1", tmp_path), {"image": "busybox"})
    with pytest.raises(ActionFailed, match=f"docker daemon is not running at {tmp_path}/none; start it, or give the service its own"):
        list(one.start())
