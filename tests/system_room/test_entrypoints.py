"""Entry points, read from the metadata of what is installed."""

import zipfile
from importlib.metadata import entry_points

from opensvc_core.registry import DRIVERS, PLUGINS, REFERENCES
from opensvc_core.system.entrypoints import EntryPoint, parse, scan

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
    assert list(parse(TEXT, "zfs", frozenset({DRIVERS}))) == [
        EntryPoint(DRIVERS, "fs.zfs", "zfs.hooks", "zfs"),
        EntryPoint(DRIVERS, "vg", "zfs.hooks", "zfs"),
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
    assert [(point.name, point.module, point.distribution) for point in found] == [("a", "one", "my-drivers"), ("b", "others", "others")]


def test_a_zip_file_on_the_path_is_read_too(tmp_path):
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1.0\n")
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[opensvc.drivers]\nc = zipped\n")
    assert [(point.name, point.distribution) for point in scan((DRIVERS,), [str(archive)])] == [("c", "zipped")]


def test_a_distribution_without_entry_points_is_passed_over(tmp_path):
    (tmp_path / "plain-1.0.dist-info").mkdir()
    assert scan((DRIVERS,), [str(tmp_path)]) == ()
