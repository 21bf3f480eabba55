"""Each distribution with what it declares to need, and nothing else: its wheel is whole, its drivers are sound, and it works."""

import json
import os
import tomllib

import pytest
from alone import Alone
from lives import AS_ROOT, LIVES
from opensvc_linux.testing import ground_in
from wheels import CORE, LIBRARIES, PROJECTS

# Imports each module of these packages.
_IMPORT = """\
import importlib, pkgutil, sys
def fail(name):
    raise
for package in sys.argv[1:]:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + '.', onerror=fail):
        if module.name.rpartition('.')[2] != '__main__':
            importlib.import_module(module.name)
"""


def declared(project):
    return tomllib.loads((PROJECTS[project] / "pyproject.toml").read_text("utf-8"))


def drivers_of(*projects):
    """The names of drivers that distributions say they bring."""
    found = (declared(one)["project"].get("entry-points", {}).get("opensvc.drivers", ()) for one in projects)
    return {name for names in found for name in names}


@pytest.fixture
def alone(having, tmp_path):
    """Installs distributions on a node: `alone("opensvc-driver-ip")`."""
    (tmp_path / "ground").mkdir()
    grounds = ground_in(tmp_path / "ground")
    ground = next(grounds)
    yield lambda *projects: Alone(having(*projects), ground)
    for _ in grounds:
        pass


def test_every_distribution_is_tried():
    assert {first for first, *_ in LIVES} == PROJECTS.keys() - LIBRARIES - {CORE}


@pytest.mark.parametrize("projects", LIVES, ids=lambda projects: projects[0])
def test_it_works(alone, projects):
    if os.geteuid() and LIVES[projects] in AS_ROOT:
        pytest.skip("devices, mounts and namespaces are made, or a daemon: run it as root")
    node = alone(*projects)
    rows = json.loads(node("om drivers --format json").stdout)["drivers"]
    assert {row["id"] for row in rows} == drivers_of(*projects)
    assert [row for row in rows if row["state"] == "failed"] == []
    LIVES[projects](node)


@pytest.mark.parametrize("project", PROJECTS)
def test_each_of_its_modules_finds_what_it_imports(alone, project):
    packages = declared(project)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    node = alone(project, "opensvc-core[test]")
    node.root.write("import.py", _IMPORT)
    node(f"python import.py {' '.join(packages)}")
