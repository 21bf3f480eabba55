"""Containers under the daemon: what happens to one behind the agent's back is told by docker's own events, and mended at once."""

import pytest
from images import needs_docker

pytestmark = [needs_docker, pytest.mark.lab(nodes=1), pytest.mark.timeout(120)]
# Within an hour nobody looks by schedule: what is seen sooner was told by an event.
SERVICE = """[DEFAULT]
nodes = n1
orchestrate = ha
status_schedule = @60
[container#1]
type = docker
image = opensvc/idle:1
netns = none
stop_timeout = 1
restart = 100
monitor = true
"""
NAME = "web.container.1"
DOCKERD = "dockerd --data-root /srv/docker --bridge none --iptables=false"
LOOP = '["/bin/busybox", "sh", "-c", "trap exit TERM; while true; do /bin/busybox sleep 60 & wait; done"]'


@pytest.fixture(scope="module")
def node(module_lab):
    """A node whose daemon runs a container in the host's docker daemon."""
    (n1,) = module_lab.nodes
    n1("mkdir -p /srv/docker /root/image/bin")
    n1("mount -t tmpfs tmpfs /srv/docker")
    n1("cp /bin/busybox /root/image/bin/busybox")
    n1.write("/root/load", f"tar -C /root/image -c . | docker import --change 'CMD {LOOP}' - opensvc/idle:1\n")
    begin(n1)
    n1("sh /root/load")
    n1("om daemon start")
    n1.write("/etc/opensvc/web.conf", SERVICE)
    n1.wait_for(lambda: running(n1), 60)
    return n1


def begin(node):
    """Docker's daemon, until it answers."""
    node.begin(DOCKERD)
    node.wait_for(lambda: node("docker version", code=None).code == 0, 60)


def running(node):
    """The process of the container; 0: it does not run."""
    told = node(f"docker inspect --format '{{{{.State.Pid}}}}' {NAME}", code=None).stdout.strip()
    return int(told or 0)


def is_up(node):
    """The daemon says so."""
    return " up " in next(line for line in node("om mon").stdout.splitlines() if line.startswith(" web "))


def is_mended(node, before):
    """Wait until it runs anew, and is told to be up."""
    node.wait_for(lambda: running(node) not in (0, before), 60)
    node.wait_for(lambda: is_up(node), 60)
    return True


@pytest.mark.parametrize("line", [f"docker kill {NAME}", f"docker stop --time 1 {NAME}", f"docker rm --force {NAME}"])
def test_a_container_that_somebody_else_ends_is_started_again(node, line):
    before = running(node)
    node(line)
    assert is_mended(node, before)


def test_a_container_that_ends_by_itself_is_started_again(node):
    before = running(node)
    node(f"kill -KILL {before}")
    assert is_mended(node, before)


def test_events_are_heard_from_a_docker_daemon_that_was_killed_and_came_back(node):
    node("pkill -KILL -x dockerd")
    node("pkill -KILL -x containerd", code=None)
    node.wait_for(lambda: not is_up(node), 60)
    node("rm -f /var/run/docker.pid")
    begin(node)
    assert is_mended(node, -1)
    before = running(node)
    node(f"docker kill {NAME}")
    assert is_mended(node, before)


def test_one_that_was_stopped_in_order_stays_so(node):
    node("om web stop --wait --time 60")
    assert running(node) == 0
    node(f"docker start {NAME}")
    node.wait_for(lambda: is_up(node), 60)  # it is seen, and nobody starts or stops it: the service is frozen
    node(f"docker stop --time 1 {NAME}")
    node.wait_for(lambda: not is_up(node), 60)
    assert running(node) == 0
