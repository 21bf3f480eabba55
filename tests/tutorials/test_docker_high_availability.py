"""The page of two services with containers, replayed on nodes made of namespaces."""

import sys
from pathlib import Path

import pytest
from images import DATE, HTTPD, load, needs_docker
from tutorial import page, replay

SCRIPT = "003.steps"
DISKS = {"registryroot": 16, "dockerdata": 96, "registrydata": 16, "busyboxroot": 16, "appdata": 96, "hb": 1}
PATH = f"/usr/sbin:/usr/bin:/sbin:/bin:{Path(sys.executable).parent}"


@needs_docker
@pytest.mark.timeout(600)
def test_the_page_is_replayed(lab_of, told):
    its = page(SCRIPT)
    lab = lab_of(its, "sleep")
    for name, megabytes in DISKS.items():
        lab.disk(name, megabytes)
    first = lab.nodes[0]
    images = [load(first, "dockerdata")[HTTPD], load(first, "appdata")[DATE]]
    first("sh -c 'for name in registryroot registrydata busyboxroot; do mkfs.ext4 -q /run/shared/$name; done'")
    first.write("/root/images", " ".join(images))
    replay(its, SCRIPT, lab.nodes, told, {"PATH": PATH})
