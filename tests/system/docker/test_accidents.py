"""Containers and their daemon are told of, mended or refused after accidents; a start that was killed is completed."""

import time

import pytest
from images import DATE, needs_docker

from .conftest import SOCKET, WEB, leaves_nothing, said, seen

pytestmark = needs_docker


def test_the_daemon_killed_under_a_running_service_is_told_and_mended(node):
    node("om web start --local")
    _, label, _ = seen(node)
    pid = node.read("/run/opensvc/svc/web/docker/docker.pid").strip()
    assert "/svc.web/docker" in node.read(f"/proc/{pid}/cgroup")
    node(f"kill -KILL {pid}")
    node.wait_for(lambda: not node.exists(f"/proc/{pid}"))
    status, shown, (message,) = seen(node)
    assert (status, shown) == ("warn", DATE)
    assert "docker daemon is not running, and its containers run on (pid " in message
    node("om web start --local")
    assert seen(node)[:2] == ("up", label)
    assert len(node("pgrep -x dockerd").stdout.split()) == 1


def test_a_service_whose_daemon_was_killed_can_be_stopped(node):
    node("om web start --local")
    node("pkill -KILL -x dockerd")
    node("om web stop --local")
    assert seen(node) == ("down", DATE, ["info: docker daemon is not running"])
    leaves_nothing(node)


def test_a_container_that_was_removed_is_made_anew(node):
    node("om web start --local")
    before = seen(node)[1]
    node("om web docker rm --force {container#1}")
    assert seen(node) == ("down", DATE, [])
    node("om web start --local")
    status, label, _ = seen(node)
    assert status == "up" and label != before


def test_a_container_that_ended_by_itself_is_told_and_started_again(node):
    node("om web start --local")
    before = seen(node)[1]
    node("om web docker kill {container#1}")
    assert seen(node) == ("down", DATE, ["info: exited, code 137"])
    node("om web docker start {container#1}")
    node("om web docker pause {container#1}")
    assert seen(node) == ("warn", before, ["warn: paused; 'docker unpause' lets it go on"])
    node("om web start --local")
    assert seen(node) == ("up", before, [])


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (
            "127.0.0.1:5000/none:1",
            "docker --host unix:///run/opensvc/svc/web/docker/docker.sock pull --quiet 127.0.0.1:5000/none:1: exit code 1: ",
        ),
        ("0123456789ab", "container#1.image: 0123456789ab is not in the docker daemon, and a number can't be pulled; load it there"),
    ],
    ids=["name", "number"],
)
def test_a_missing_image_ends_the_start_which_is_taken_back(node, image, text):
    node.write("/etc/opensvc/web.conf", WEB.replace(DATE, image))
    assert text in said(node("om web start --local", code=1))
    assert seen(node)[0] == "down"
    leaves_nothing(node)


def test_a_daemon_that_answers_nothing_is_given_up_in_time(node):
    node("om web start --local")
    label = seen(node)[1]
    node("pkill -STOP -x dockerd")
    began = time.monotonic()
    status, _, (message,) = seen(node)
    assert (status, message) == ("warn", f"warn: docker daemon does not answer (2s): {SOCKET}")
    assert time.monotonic() - began < 30  # it would never answer
    node("pkill -CONT -x dockerd")
    node.wait_for(lambda: seen(node) == ("up", label, []))


def test_a_daemon_that_refuses_to_start_says_why(node):
    node.write("/etc/opensvc/web.conf", WEB.replace("[fs#1]", "docker_daemon_args = --storage-driver nosuch\n[fs#1]"))
    text = said(node("om web start --local", code=1))
    assert "E dockerd: failed to start daemon: error initializing graphdriver: driver not supported" in text
    assert "the docker daemon of the service does not start: failed to start daemon: " in text
    assert "dockerd.log)" in text
    leaves_nothing(node)


def test_a_daemon_is_not_started_beside_its_data(node):
    node("om web start --local")
    node("om web stop --local")
    node("mkdir -p /srv/web")
    text = said(node("om web start --local --rid container#1", code=1))
    assert "the docker daemon's data, /srv/web/docker, was on the file system at /srv/web, which is not mounted; start that" in text
    assert not node.exists("/srv/web/docker")


@pytest.mark.parametrize("line", ["ip link add", "dockerd --host", "wait for", " create ", " start "])
def test_a_start_killed_anywhere_is_completed_by_the_next(node, line):
    begun = node.begin("om web start --local")
    while line not in begun.stdout.readline():
        assert begun.poll() is None
    node("pkill -KILL -f 'om web start'", code=None)  # it may have been quicker
    begun.wait(60)
    node.wait_for(lambda: seen(node)[0] in ("down", "up"))
    node("om web start --local")
    assert seen(node)[0] == "up"
    assert len(node("pgrep -x dockerd").stdout.split()) == 1
