"""What can be waited on instead of looking at containers again and again."""

import select
import socket
import subprocess
import time

import pytest

from opensvc_core.testing.one import One

# the first of them starts a daemon
pytestmark = pytest.mark.timeout(400)
IMAGE = "opensvc/test:1"


@pytest.fixture
def one(node_below, host_daemon, tmp_path):
    """A service with a container in the daemon of the tests, and that daemon's socket."""
    made = One(node_below, "container#1", tmp_path, type="docker", image=IMAGE, stop_timeout="1s").has()
    made.socket = host_daemon
    return made


def watches_of(one):
    """What is to be waited on after a look."""
    resource = one.resource
    resource.status()
    return [tuple(watch) for watch in resource.watches()]


def opened(target):
    """A stream as it is asked for: its events, without its head."""
    path, _, request = target.partition(" ")
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(path)
    connection.sendall(f"GET {request.replace('{since}', str(time.time()))} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.0 200")
    return connection


def test_the_death_of_a_container_comes_by_the_stream_of_its_daemon(one):
    one.do("start")
    (kind, target), (other, path) = watches_of(one)
    assert (kind, other, path) == ("stream", "path", one.socket)
    with opened(target) as events:
        assert not select.select([events], [], [], 0.3)[0], "nothing has happened yet"
        subprocess.run(["docker", "kill", "web.container.1"], check=True, capture_output=True)
        assert b'"die"' in _until(events, b'"die"')


def test_the_stream_tells_of_no_other_containers(one):
    one.do("start")
    with opened(watches_of(one)[0][1]) as events:
        subprocess.run(["docker", "run", "--rm", IMAGE, "true"], check=True, capture_output=True)
        assert not select.select([events], [], [], 0.3)[0]


def test_a_container_that_is_down_is_watched_too(one):
    with opened(watches_of(one)[0][1]) as events:
        one.do("start")
        assert b'"start"' in _until(events, b'"start"')


def test_where_the_daemon_does_not_run_its_socket_is_waited_for(one, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    assert watches_of(one) == [("path", f"{tmp_path}/none")]
    monkeypatch.setenv("DOCKER_HOST", f"unix://{one.socket}")


def _until(connection, text):
    came = b""
    while text not in came:
        more = connection.recv(65536)
        assert more, came
        came += more
    return came
