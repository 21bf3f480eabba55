"""The tutorials, replayed in the lab."""

import shutil
import sys
from pathlib import Path

import pytest
from images import DATE, HTTPD, load
from tutorial import replay

DISKS = {"registryroot": 16, "dockerdata": 96, "registrydata": 16, "busyboxroot": 16, "appdata": 96, "hb": 1}
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
ROOTED = {"OSVC_ROOT_PATH": "/opt/opensvc", "PATH": f"/opt/opensvc/bin:{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.mark.parametrize(("script", "names", "environment"), [
    ("000.steps", ("demo1", "demo2"), {}),
    ("000_cluster.steps", ("demo1", "demo2"), {}),
    ("001.steps", ("sles1", "sles2"), ROOTED),
    ("001_openha.steps", ("sles1", "sles2"), ROOTED),
    ("002_cluster.steps", ("node1", "node2"), {}),
    ("002.steps", ("node1", "node2"), {"PATH": f"/usr/sbin:/usr/bin:/sbin:/bin:{BIN}"}),
    ("002_openha.steps", ("node1", "node2"), {"PATH": f"/usr/sbin:/usr/bin:/sbin:/bin:{BIN}"}),
])  # fmt: skip
@pytest.mark.timeout(600)
def test_a_tutorial_prints_what_its_page_shows(lab, script, names, environment):
    for node, name in zip(lab.nodes, names, strict=True):
        node(f"hostname {name}")
    lab.disk("app", megabytes=12)
    lab.disk("data", megabytes=12)
    lab.disk("hb", megabytes=1)
    replay(HERE / script, lab.nodes, **environment)


@pytest.mark.skipif(
    not (shutil.which("dockerd") and shutil.which("/bin/busybox")),
    reason="needs a docker daemon and something to run in it: apt-get install docker.io busybox-static",
)
@pytest.mark.timeout(600)
def test_the_tutorial_of_two_services_with_containers(lab):
    for node, name in zip(lab.nodes, ("deb1.opensvc.com", "deb2.opensvc.com"), strict=True):
        node(f"hostname {name}")
    for name, megabytes in DISKS.items():
        lab.disk(name, megabytes)
    first = lab.nodes[0]
    images = [load(first, "dockerdata")[HTTPD], load(first, "appdata")[DATE]]
    first("sh -c 'for name in registryroot registrydata busyboxroot; do mkfs.ext4 -q /run/shared/$name; done'")
    first.write("/root/images", " ".join(images))
    replay(HERE / "003_openha.steps", lab.nodes, EZ="/usr/local/cluster", PATH=f"/usr/sbin:/usr/bin:/sbin:/bin:{BIN}")
