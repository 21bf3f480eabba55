"""The package of a new driver: what is written, and that it is all or nothing."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from opensvc_core.errors import ActionRefused
from opensvc_core.kit import package
from opensvc_core.kit.naming import DriverName
from opensvc_core.kit.package import make, texts

TOP = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ZFS = DriverName.parse("disk.zfs")
LONG = "x" * 30


def test_the_files_of_a_package():
    assert set(texts(ZFS)) == {
        ".github/workflows/tests.yml",
        "README.md",
        "opensvc_driver_disk_zfs/__init__.py",
        "opensvc_driver_disk_zfs/driver.py",
        "opensvc_driver_disk_zfs/hooks.py",
        "opensvc_driver_disk_zfs/py.typed",
        "opensvc_driver_disk_zfs/testing.py",
        "pyproject.toml",
        "tests/test_disk_zfs.py",
    }


def test_the_driver_is_found_by_its_entry_points():
    project = tomllib.loads(texts(ZFS)["pyproject.toml"])["project"]
    assert project["entry-points"] == {
        "opensvc.drivers": {"disk.zfs": "opensvc_driver_disk_zfs.hooks"},
        "opensvc.conformance": {"disk.zfs": "opensvc_driver_disk_zfs.testing"},
    }
    assert project["dependencies"] == ["opensvc-core>=3,<4"]


def test_what_is_not_a_word_of_the_template_stays():
    assert "python-version: ${{ matrix.python }}" in texts(ZFS)[".github/workflows/tests.yml"]


def check(folder, *command):
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", ["disk.zfs", "task.clean", f"container.{LONG}", f"task.{LONG}"])
def test_its_files_are_formatted_and_checked(tmp_path, text):
    make(DriverName.parse(text), tmp_path / "made")
    check(tmp_path / "made", "ruff", "check", ".")
    check(tmp_path / "made", "ruff", "format", "--check", ".")


@pytest.mark.parametrize("text", ["disk.zfs", "task.clean"])
def test_its_files_are_typed(tmp_path, text):
    make(DriverName.parse(text), tmp_path / "made")
    check(tmp_path / "made", "mypy")


@pytest.mark.parametrize("there", ["a folder", "an empty folder", "a file", "a dangling link"])
def test_what_is_there_is_left_alone(tmp_path, there):
    folder = tmp_path / "made"
    if there == "a file":
        folder.write_text("kept")
    elif there == "a dangling link":
        folder.symlink_to("nowhere")
    else:
        folder.mkdir()
        if there == "a folder":
            (folder / "README.md").write_text("kept")
    before = sorted((path, path.is_file() and path.read_text()) for path in tmp_path.rglob("*"))
    with pytest.raises(ActionRefused, match="made exists already: nothing was written; --folder names another place"):
        make(ZFS, folder)
    assert sorted((path, path.is_file() and path.read_text()) for path in tmp_path.rglob("*")) == before


def test_a_folder_below_nothing_is_refused(tmp_path):
    with pytest.raises(ActionRefused, match="nosuch is no folder: nothing was written"):
        make(ZFS, tmp_path / "nosuch" / "made")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_folder_can_have_is_refused(tmp_path):
    with pytest.raises(ActionRefused, match="can't be made: File name too long; nothing was written"):
        make(ZFS, tmp_path / ("x" * 300))
    assert list(tmp_path.iterdir()) == []


def test_a_failure_half_way_leaves_nothing(tmp_path, monkeypatch):
    # a file stands where a folder has to be: the third file of this package can't be written
    monkeypatch.setattr(package, "texts", lambda _name: {"a": "1", "b": "2", "a/c": "3"})
    with pytest.raises(ActionRefused, match=r"can't be made: (Not a directory|File exists); nothing was written"):
        make(ZFS, tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


def test_its_folder_has_the_mode_of_any_other(tmp_path):
    (tmp_path / "other").mkdir()
    make(ZFS, tmp_path / "made")
    assert (tmp_path / "made").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_the_core_brings_its_templates(tmp_path):
    options = ["--quiet", "--no-build-isolation", "--no-index", "--no-deps", "--disable-pip-version-check", "--wheel-dir", tmp_path]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, TOP], check=True, timeout=280)
    (wheel,) = tmp_path.glob("opensvc_core-*.whl")
    templates = {str(path.relative_to(TOP)) for path in (TOP / "opensvc_core/kit/templates").rglob("*.tmpl")}
    assert templates <= set(zipfile.ZipFile(wheel).namelist())
