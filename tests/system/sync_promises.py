"""The promises of copies, tried with sync.rsync and three nodes; test_sync_promises.py runs it on one of them."""

import subprocess
from contextlib import contextmanager

import pytest

from opensvc_core.testing.syncing import SyncCase, SyncConformance

CONFIG = """\
[DEFAULT]
nodes = n1 n2 n3

[fs#flag]
type = flag

[sync#data]
src = {}/
dst = /srv/copy
target = nodes

[sync#i0]
disable = true
"""
LISTED = "cd {} && find . -mindepth 1 -printf '%P %y %m %U ' -exec sh -c 'cat {{}} 2>/dev/null; echo' ';' | sort"
TARGETS = ("n2", "n3")


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout


@contextmanager
def broken(node):
    """A file has the name of the folder."""
    run("ssh", node, "rm -rf /srv/copy && touch /srv/copy")
    try:
        yield
    finally:
        run("ssh", node, "rm /srv/copy")


class TestRsync(SyncConformance):
    @pytest.fixture
    def bench(self, node_below, tmp_path):
        """The nodes know the service: its own files are not what is looked at here."""
        bench = self.fresh(node_below, tmp_path)
        file = bench.service.file
        for node in TARGETS:
            subprocess.run(["ssh", node, f"mkdir -p {file.parent} && cat >{file}"], input=file.read_bytes(), check=True, timeout=120)
        bench.perform("start")
        yield bench
        for node in TARGETS:
            run("ssh", node, "rm -rf /srv/copy")

    def case(self, folder):
        data = folder / "data"
        data.mkdir()

        def change():
            """Another file, a longer one, and one less."""
            number = len((data / "a").read_text()) if (data / "a").exists() else 0
            (data / "a").write_text("x" * (number + 1))
            (data / f"b{number}").write_text("y")
            (data / f"b{number - 2}").unlink(missing_ok=True)

        return SyncCase(
            CONFIG.format(data),
            rid="sync#data",
            targets=TARGETS,
            change=change,
            here=lambda: run("sh", "-c", LISTED.format(data)),
            there=lambda node: run("ssh", node, f"mkdir -p /srv/copy; {LISTED.format('/srv/copy')}"),
            broken=broken,
        )
