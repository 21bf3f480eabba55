"""All of it, installed from wheels by pip as a person does it; then the next version, with services up; then none."""

import importlib.metadata
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import release
from wheels import FOLDERS, TOP, build

from opensvc_core import __version__

NEXT = "3.99.0"
OURS = ("opensvc", "__editable__", "_editable", "pip", "hatchling")
WEB = "[DEFAULT]\nnodes = n1\n\n[fs#1]\ntype = flag\n\n[app#1]\ntype = simple\nstart = sleep 979\n\n[sync#i0]\ndisable = true\n"


class Environment:
    """An environment of Python with what our distributions need of others; pip asks no index but folders of wheels."""

    def __init__(self, folder):
        venv.create(folder, symlinks=True)
        self.programs = folder / "bin"
        (site,) = folder.glob("lib/python*/site-packages")
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith(OURS):
                (site / entry.name).symlink_to(entry)

    def pip(self, *words):
        quiet = ("--quiet", "--disable-pip-version-check", "--root-user-action=ignore")
        command = [sys.executable, "-m", "pip", "--python", str(self.programs / "python"), *map(str, words), *quiet]
        subprocess.run(command, check=True, timeout=280)

    def install(self, wheels, *options):
        self.pip("install", *options, "--no-index", "--find-links", wheels, "opensvc-core[all]")

    def uninstall(self):
        """Remove all that is ours."""
        (site,) = self.programs.parent.glob("lib/python*/site-packages")
        self.pip(
            "uninstall", "--yes", *(found.name for found in importlib.metadata.distributions(path=[str(site)]) if "opensvc" in found.name)
        )

    def has(self):
        return sorted(path.name for path in self.programs.iterdir() if path.name in ("om", "svcmgr", "svcmon", "nodemgr", "openha"))


@pytest.fixture(scope="session")
def next_wheels(tmp_path_factory):
    """The wheels of a version that is to come, which differs by its number."""
    top = tmp_path_factory.mktemp("next")
    ignored = shutil.ignore_patterns("tests", "__pycache__", "docs", "changes", ".*")
    shutil.copytree(TOP, top / "source", ignore=ignored, symlinks=True)
    release.set_version(NEXT, top / "source")
    (top / "dist").mkdir()
    build(top / "dist", [top / "source" / folder.relative_to(TOP) for folder in FOLDERS])
    return top / "dist"


@pytest.fixture
def installed(wheels, root, tmp_path):
    """A node whose commands are those of such an environment."""
    environment = Environment(tmp_path / "environment")
    environment.install(wheels)
    root.programs = environment.programs
    root.write("etc/web.conf", WEB)
    return root, environment


def process(node):
    """The application of the service, as the node sees it."""
    (pid,) = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_of(entry, node)]
    return pid


def _is_of(entry, node):
    try:
        command, environ = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
    except OSError:
        return False
    return command == b"sleep\x00979\x00" and f"OSVC_ROOT_PATH={node.folder}".encode() in environ


def is_up(node):
    return node("om web status", code=None).code == 0


@pytest.mark.timeout(600)
def test_services_stay_up_over_an_upgrade_and_without_the_agent(installed, wheels, next_wheels):
    node, environment = installed
    assert environment.has() == ["nodemgr", "om", "openha", "svcmgr", "svcmon"]
    assert node("om --version").stdout == f"opensvc {__version__}\n"
    node("om web start --local")
    pid = process(node)
    environment.install(next_wheels, "--upgrade")
    assert node("om --version").stdout == f"opensvc {NEXT}\n"
    assert node("om drivers").stdout.count(f" {NEXT} ") > 50
    assert is_up(node) and process(node) == pid
    environment.uninstall()
    assert environment.has() == []
    assert process(node) == pid
    assert node.is_up("web", "fs#1")
    environment.install(wheels)
    assert is_up(node) and process(node) == pid
    node("om web stop --local")
    assert not is_up(node)


@pytest.mark.timeout(600)
def test_the_daemon_is_upgraded_while_services_are_up(installed, next_wheels):
    node, environment = installed
    node("om cluster set --kw cluster.nodes=n1 --kw listener.port=0")
    node("om daemon start")
    try:
        node("om web start --wait --time 2m")
        pid = process(node)
        environment.install(next_wheels, "--upgrade")
        # the daemon of the old version goes on with what it has imported
        assert "up" in node("om mon").stdout
        node("om daemon restart --upgrade")
        node.wait_for(lambda: ", idle" in node("om daemon status").stdout)
        assert f'"agent": "{NEXT}"' in node("om mon --format json").stdout
        assert is_up(node) and process(node) == pid
        node("om web stop --wait --time 2m")
        assert not is_up(node)
    finally:
        node("om daemon stop")
