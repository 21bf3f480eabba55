"""Entry points, read from the metadata of what is installed."""

import zipfile
from importlib.metadata import entry_points

import pytest

from opensvc_core.registry import DRIVERS, PLUGINS, REFERENCES
from opensvc_core.system.entrypoints import About, EntryPoint, needs_newer, parse, scan

TEXT = """\
[console_scripts]
x = x:main

# a comment
[opensvc.drivers]
fs.zfs = zfs.hooks
vg=zfs.hooks:plugin [extra]
broken line
"""


def test_only_the_groups_asked_for_are_read():
    assert list(parse(TEXT, About("zfs", "1.0", "/site"), frozenset({DRIVERS}))) == [
        EntryPoint(DRIVERS, "fs.zfs", "zfs.hooks", "zfs", "1.0", "/site"),
        EntryPoint(DRIVERS, "vg", "zfs.hooks", "zfs", "1.0", "/site"),
    ]


def test_it_finds_what_the_standard_library_finds():
    ours = {(point.group, point.name, point.module) for point in scan((DRIVERS, PLUGINS, REFERENCES))}
    theirs = {(point.group, point.name, point.module) for group in (DRIVERS, PLUGINS, REFERENCES) for point in entry_points(group=group)}
    assert ours == theirs
    assert (DRIVERS, "fs.flag", "opensvc_driver_fs_flag.hooks") in ours


def install(folder, name, text):
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "entry_points.txt").write_text(text)


def test_the_first_distribution_of_a_name_counts(tmp_path):
    install(tmp_path / "one", "my_drivers", "[opensvc.drivers]\na = one\n")
    install(tmp_path / "two", "my_drivers", "[opensvc.drivers]\na = two\n")
    install(tmp_path / "two", "others", "[opensvc.drivers]\nb = others\n")
    found = scan((DRIVERS,), [str(tmp_path / "one"), str(tmp_path / "two"), str(tmp_path / "missing")])
    assert [(point.name, point.module, point.owner) for point in found] == [
        ("a", "one", "my-drivers 1.0"),
        ("b", "others", "others 1.0"),
    ]


def test_a_zip_file_on_the_path_is_read_too(tmp_path):
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1.0\n")
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[opensvc.drivers]\nc = zipped\n")
    assert [(point.name, point.owner) for point in scan((DRIVERS,), [str(archive)])] == [("c", "zipped 1.0")]


def test_a_distribution_without_entry_points_is_passed_over(tmp_path):
    (tmp_path / "plain-1.0.dist-info").mkdir()
    assert scan((DRIVERS,), [str(tmp_path)]) == ()


def test_the_version_is_that_of_the_metadata(tmp_path):
    for folder in ("a_b-2.0.post1.dist-info", "c-1.2-py3.11.egg-info", "d.egg-info"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "entry_points.txt").write_text("[opensvc.drivers]\nx = y\n")
    assert [point.owner for point in scan((DRIVERS,), [str(tmp_path)])] == ["a-b 2.0.post1", "c 1.2", "d"]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("opensvc-core>=3.1", ">=3.1"),
        ("opensvc_core (>=4,<5)", ">=4,<5"),
        ("opensvc-core[linux]~=3.0.1", "~=3.0.1"),
        ("opensvc-core==4.*", "==4.*"),
        ("opensvc-core>3.0", ">3.0"),
        ("opensvc-core===10", "===10"),
        ('opensvc-core>=4; python_version >= "3"', ">=4"),
    ],
)
def test_a_distribution_that_wants_a_newer_one_is_known(tmp_path, line, wanted):
    assert needs_newer(described(tmp_path, line), "opensvc-core", "3.0.0") == f"opensvc-core{wanted}"


@pytest.mark.parametrize(
    "line",
    [
        "opensvc-core",
        "opensvc-core>=3,<4",
        "opensvc-core==3.0",
        "opensvc-core==3.*",
        "opensvc-core~=3.0",
        "opensvc-core<3",
        "opensvc-core!=3.0.0",
        "opensvc-core-more>=4",
        'opensvc-core>=4; extra == "tests"',
    ],
)
def test_one_that_was_made_for_this_or_an_older_one_is_let_in(tmp_path, line):
    assert needs_newer(described(tmp_path, line), "opensvc-core", "3.0.0") == ""


def described(folder, requirement):
    text = f"Metadata-Version: 2.1\nName: x\nRequires-Dist: pluggy>=99\nRequires-Dist: {requirement}\n\nRequires-Dist: opensvc-core>=99\n"
    (folder / "METADATA").write_text(text)
    return str(folder)
