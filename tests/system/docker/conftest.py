"""A service with containers in a docker daemon of its own, which is on its file system; and how it is seen."""

import json
import time

import pytest
from images import load

WEB = """[DEFAULT]
id = 11111111-2222-3333-4444-555555555555
docker_data_dir = /srv/web/docker
[fs#1]
type = ext4
dev = /run/shared/data
mnt = /srv/web
[container#1]
type = docker
image = opensvc/busybox:date
"""
SOCKET = "/run/opensvc/svc/web/docker/docker.sock"


@pytest.fixture(scope="module")
def loaded(module_lab):
    module_lab.disk("data", 128)
    n1, _ = module_lab.nodes
    load(n1, "data", "docker")
    return n1


@pytest.fixture
def node(loaded):
    """A node with the service `web`, whose daemon has the images; stopped and without containers at the end."""
    loaded.write("/etc/opensvc/web.conf", WEB)
    yield loaded
    loaded("pkill -CONT -x dockerd", code=None)
    loaded("om web stop --local")
    leaves_nothing(loaded)
    loaded("sh -c 'mount /run/shared/data /mnt && rm -rf /mnt/docker/containers/*; umount /mnt'")


def left_over(node):
    """What a stopped service has still got in the running system."""
    found = node("ps axo args").stdout.splitlines()
    links = node("ip -br link").stdout.splitlines()
    mounts = node("cat /proc/self/mountinfo").stdout.splitlines()
    rules = node("sh -c 'iptables -S; iptables -t nat -S'").stdout.splitlines()
    return [
        *(line for line in found if "dockerd" in line or "containerd" in line or "docker-proxy" in line),
        *(line for line in links if line.startswith(("dk", "veth"))),
        *(line for line in mounts if " /srv/" in line or " /opt/" in line or "docker" in line),
        *(line for line in rules if " dk" in line),
        *(node("find /run/opensvc ( -type s -o -type f ) -print", code=None).stdout.splitlines()),
        *(node("find /sys/fs/cgroup -name docker -path '*opensvc*'", code=None).stdout.splitlines()),
    ]


def leaves_nothing(node):
    """Wait until nothing is left; what stays is shown."""
    end = time.monotonic() + 60
    while left := left_over(node):
        assert time.monotonic() < end, left
        time.sleep(0.1)


def seen(node, rid="container#1", service="web"):
    """Status, label and messages of a resource."""
    found = json.loads(node(f"om {service} print status --format json", code=None).stdout)["resources"][rid]
    return found["status"], found["label"], found.get("log", [])


def said(done):
    return done.stdout + done.stderr
