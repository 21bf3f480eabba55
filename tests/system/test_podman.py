"""Containers in podman, behind its socket that speaks as docker's does."""

import json
import shutil

import pytest

if not shutil.which("podman") or not shutil.which("runc") or not shutil.which("docker") or not shutil.which("/bin/busybox"):
    pytest.skip("needs podman and docker's command: apt-get install podman runc docker.io busybox-static", allow_module_level=True)

SOCKET = "/run/podman.sock"
SETTINGS = """[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "/srv/storage"\nrunroot = "/run/storage"\n'
SERVICE = """[container#1]
type = docker
image = localhost/bench:1
netns = none
stop_timeout = 1
"""


@pytest.fixture(scope="module")
def serving(module_lab):
    """A node with podman's socket and an image."""
    n1, _ = module_lab.nodes
    n1("mkdir -p /srv/storage /root/image/bin")
    n1("mount -t tmpfs tmpfs /srv/storage")
    n1("cp /bin/busybox /root/image/bin/busybox")
    n1.write("/etc/containers/containers.conf", SETTINGS)
    n1.write("/etc/containers/storage.conf", STORAGE)
    n1.write("/etc/containers/policy.json", '{"default": [{"type": "insecureAcceptAnything"}]}')
    loop = '["/bin/busybox", "sh", "-c", "trap exit TERM; while true; do /bin/busybox sleep 60 & wait; done"]'
    n1.write("/root/load", f"tar -C /root/image -c . | podman import --change 'CMD {loop}' - localhost/bench:1\n")
    n1("sh /root/load")
    n1.begin(f"podman system service --time 0 unix://{SOCKET}")
    n1.wait_for(lambda: n1(f"docker --host unix://{SOCKET} version", code=None).code == 0)
    return n1


@pytest.fixture
def node(serving):
    """The same; the container is gone at the end."""
    serving.write("/etc/opensvc/web.conf", SERVICE)
    yield serving
    serving("podman rm --all --force --time 0")


def om(node, line, code=0):
    done = node(f"om web {line}", code=code, DOCKER_HOST=f"unix://{SOCKET}")
    return done.stdout + done.stderr


def seen(node):
    """Status, label and messages of the container."""
    found = json.loads(om(node, "print status --format json", code=None))["resources"]["container#1"]
    return found["status"], found["label"], found.get("log", [])


def test_a_container_is_started_seen_and_stopped(node):
    assert seen(node) == ("down", "localhost/bench:1", [])
    om(node, "start --local")
    status, label, _ = seen(node)
    assert (status, label.partition("@")[2]) == ("up", "localhost/bench:1")
    assert "is already up" in om(node, "start --local")
    om(node, "stop --local")
    assert seen(node)[0] == "down"
    om(node, "start --local")
    assert seen(node)[:2] == ("up", label)


def test_one_that_was_paused_killed_or_removed_is_told_and_started_again(node):
    om(node, "start --local")
    om(node, "docker pause {container#1}")
    assert seen(node)[0] == "warn"
    om(node, "start --local")
    om(node, "docker kill {container#1}")
    node.wait_for(lambda: (seen(node)[0], seen(node)[2]) == ("down", ["info: exited, code 137"]))
    om(node, "docker rm {container#1}")
    om(node, "start --local")
    assert seen(node)[0] == "up"


def test_a_changed_definition_is_applied_by_a_restart(node):
    om(node, "start --local")
    before = seen(node)[1]
    node.write("/etc/opensvc/web.conf", f"{SERVICE}hostname = front\npg_mem_limit = 64m\n")
    assert "its definition has changed, which a restart applies" in om(node, "start --local")
    om(node, "restart --local")
    assert seen(node)[0] == "up" and seen(node)[1] != before
    assert om(node, "docker exec {container#1} /bin/busybox hostname").strip() == "front"
    pid = om(node, "docker inspect --format '{{.State.Pid}}' {container#1}").strip()
    place = next(line for line in node.read(f"/proc/{pid}/cgroup").splitlines() if ":memory:" in line).split(":")[2]
    assert node.read(f"/sys/fs/cgroup/memory{place}/memory.limit_in_bytes").strip() == str(64 << 20)


def test_without_podman_s_service_the_containers_are_not_seen(node):
    done = node("om web print status", code=None, DOCKER_HOST="unix:///run/nobody.sock")
    assert "docker daemon is not running" in done.stdout
