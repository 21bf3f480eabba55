"""A person makes the package of a new driver."""

import pytest


@pytest.mark.parametrize("program", ["om", "svcmgr", "nodemgr"])
def test_a_package_is_made_here(root, program):
    done = root(f"{program} driver new disk.zfs")
    assert (root / "opensvc-driver-disk-zfs/pyproject.toml").is_file()
    assert done.stdout == (
        "made opensvc-driver-disk-zfs, with a driver that works and passes its tests\n"
        "next:\n"
        "  cd opensvc-driver-disk-zfs\n"
        "  pip install -e '.[test]'\n"
        "  pytest\n"
        "  pytest --opensvc-driver disk.zfs\n"
    )


def test_a_package_is_made_elsewhere(root):
    assert "  cd 'my driver'\n" in root("om driver new task.clean --folder 'my driver'").stdout
    assert (root / "my driver/tests/test_task_clean.py").is_file()


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        ("om driver new", 2, "om: 'driver new' needs DRIVER\n"),
        ("om driver new zfs", 2, "om: 'zfs' is no driver id: it is GROUP.TYPE, such as disk.zfs\n"),
        ("om driver new fs.flag", 5, "om: fs.flag is installed already, by opensvc-driver-fs-flag: choose another type\n"),
        ("om driver new disk.zfs --folder no/where", 5, "om: no is no folder: nothing was written; make it first\n"),
    ],
    ids=lambda value: value if str(value).startswith("om driver") else "",
)
def test_what_can_not_be_made_is_refused_in_a_line(root, line, code, why):
    before = sorted(root.folder.rglob("*"))
    assert root(line, code=code).stderr == why
    assert sorted(root.folder.rglob("*")) == before


def test_a_second_one_is_refused_and_the_first_stays(root):
    root("om driver new disk.zfs")
    root("om driver new disk.zfs", code=5)
    assert [path.name for path in root.folder.iterdir() if "driver" in path.name] == ["opensvc-driver-disk-zfs"]
