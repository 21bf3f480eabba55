"""Packages as they are made, installed by pip into an environment of their own: they pass their tests and the conformance suite."""

import json
import re
import subprocess
import sys
import sysconfig

import pytest

from opensvc_core.kit.naming import DriverName
from opensvc_core.kit.package import make

IDS = ("disk.zfs", "task.clean")
SITE = sysconfig.get_path("purelib")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a package for each id, and an environment in which they and this working tree are installed."""
    folder = tmp_path_factory.mktemp("kit")
    for text in IDS:
        make(DriverName.parse(text), folder / text)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=280)
    python = folder / "venv/bin/python"
    (purelib,) = (folder / "venv").glob("lib/python*/site-packages")
    (purelib / "working_tree.pth").write_text(f"import site; site.addsitedir({SITE!r})\n", "utf-8")
    options = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "--python", python]
    wheels, packages = folder / "dist", [folder / text for text in IDS]
    subprocess.run([*pip, "wheel", *options, "--no-build-isolation", "--wheel-dir", wheels, *packages], check=True, timeout=280)
    subprocess.run([*pip, "install", *options, *wheels.iterdir()], check=True, timeout=280)
    return folder


@pytest.fixture
def run(place, root):
    """Runs the environment's Python with these arguments, in one of the folders there."""

    def perform(where, *arguments):
        left_out = ("PYTEST", "COV_", "PYTHONPATH", "OSVC_")
        environment = {name: value for name, value in root.environment().items() if not name.startswith(left_out)}
        done = subprocess.run(
            [place / "venv/bin/python", *map(str, arguments)],
            cwd=place / where,
            env={**environment, "OSVC_ROOT_PATH": str(root.folder)},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return perform


def pytest_on(*arguments):
    return ("-P", "-m", "pytest", "-p", "no:cacheprovider", *arguments)


def test_the_commands_know_the_driver(run):
    text = "import sys; sys.argv = ['om', 'drivers', '--format', 'json']\nfrom opensvc_core.cli.main import om\nom()"
    drivers = json.loads(run("venv", "-c", text))
    found = {row["id"]: row for row in drivers["drivers"]}
    assert found["disk.zfs"]["distribution"] == "opensvc-driver-disk-zfs"
    assert found["disk.zfs"]["capabilities"] == ["Startable", "Watchable"]
    assert found["task.clean"]["capabilities"] == ["Runnable"]


@pytest.mark.parametrize("text", IDS)
def test_it_passes_the_suite_from_anywhere(run, place, tmp_path, text):
    shown = run("venv", *pytest_on("--opensvc-driver", text, "--basetemp", tmp_path / "base"))
    assert f"opensvc driver: {text} of {DriverName.parse(text).distribution} 0.1.0" in shown
    assert re.search(rf"^declaration \.+ .*\n{text} \.+ ", shown, re.MULTILINE)
    assert re.search(r"=+ \d+ passed in ", shown)


@pytest.mark.parametrize("text", IDS)
def test_it_passes_its_own_tests(run, tmp_path, text):
    # the suite is among them, which the test above runs
    shown = run(text, *pytest_on("--basetemp", tmp_path / "base", *(["-k", "not TestPromises"] if text == "disk.zfs" else [])))
    assert re.search(r"=+ \d+ passed(, \d+ deselected)? in ", shown)
