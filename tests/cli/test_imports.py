"""What a command may not import: each of these costs more than the work of the command."""

import os
import subprocess
import sys

import pytest

HEAVY = "pyroute2 docker asyncio rich pydantic hypothesis typer psutil importlib.metadata email".split()  # noqa: SIM905
# Beside these, a command that reads one file needs no plugins and nothing that acts.
UNNEEDED = [
    "pluggy",
    "subprocess",
    "threading",
    "shutil",
    "hashlib",
    "uuid",
    "tempfile",
    "opensvc_core.instance.performer",
    "opensvc_core.kit",
]
SERVICE = "".join(f"[fs#{number}]\ntype = directory\npath = /tmp\n" for number in range(3)) + "[app#1]\ntype = forking\nstart = /bin/true\n"


def imported(root, line):
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/web.conf").write_text(SERVICE)
    argv = ["om", *line.split()]
    text = f"import sys; sys.argv = {argv!r}\nfrom opensvc_core.cli.main import om\nom()\nprint(*sys.modules, file=sys.stderr)"
    environ = {**os.environ, "OSVC_ROOT_PATH": str(root), "OSVC_NODENAME": "n1"}
    done = subprocess.run([sys.executable, "-c", text], env=environ, capture_output=True, text=True, timeout=120, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("line", ["web print status", "web print status --format json", "web status", "web get --eval --kw fs#1.path"])
def test_a_status_imports_no_heavy_library(tmp_path, line):
    assert imported(tmp_path, line) & {*HEAVY, "uuid", "tempfile", "opensvc_core.instance.performer"} == set()


@pytest.mark.parametrize("line", ["ls", "web ls", "web get --kw fs#1.path", "web print config"])
def test_reading_a_file_imports_what_reads_files(tmp_path, line):
    assert imported(tmp_path, line) & {*HEAVY, *UNNEEDED} == set()


def test_a_status_imports_the_drivers_of_its_service_and_no_others(tmp_path):
    found = imported(tmp_path, "web print status")
    assert {name for name in found if name.startswith("opensvc_driver_") and name.endswith(".driver")} == {
        "opensvc_driver_app_forking.driver",
        "opensvc_driver_fs_directory.driver",
    }
