"""The pages for beginners, replayed on nodes made of namespaces."""

import sys
from pathlib import Path

import pytest
from tutorial import page, replay

BIN = Path(sys.executable).parent
ROOTED = {"OSVC_ROOT_PATH": "/opt/opensvc", "PATH": f"/opt/opensvc/bin:{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.mark.parametrize(("script", "init", "environ"), [
    ("000_cluster.steps", "systemd", {}),
    ("001_openha.steps", "sleep", ROOTED),
    ("002.steps", "systemd", {"PATH": f"/usr/sbin:/usr/bin:/sbin:/bin:{BIN}"}),
])  # fmt: skip
@pytest.mark.timeout(600)
def test_a_page_is_replayed(lab_of, told, script, init, environ):
    its = page(script)
    lab = lab_of(its, init)
    for name, megabytes in (("app", 12), ("data", 12), ("hb", 1)):
        lab.disk(name, megabytes)
    replay(its, script, lab.nodes, told, environ)
