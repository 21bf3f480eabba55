"""The name of a driver to be made."""

import pytest

from opensvc_core.errors import UsageError
from opensvc_core.kit.naming import DriverName


def test_all_names_follow_from_the_id():
    name = DriverName.parse("disk.zfs")
    assert (name.id, name.distribution) == ("disk.zfs", "opensvc-driver-disk-zfs")
    assert (name.module, name.class_name) == ("opensvc_driver_disk_zfs", "DiskZfs")


def test_a_type_of_several_words_makes_names_that_python_and_pip_take():
    name = DriverName.parse("fs.9p-clean_up")
    assert (name.id, name.distribution) == ("fs.9p-clean_up", "opensvc-driver-fs-9p-clean-up")
    assert (name.module, name.class_name) == ("opensvc_driver_fs_9p_clean_up", "Fs9pCleanUp")
    assert name.module.isidentifier() and name.class_name.isidentifier()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("zfs", "is no driver id: it is GROUP.TYPE"),
        ("", "is no driver id"),
        (".zfs", "is no driver id"),
        ("disk.", "is no driver id"),
        ("disc.zfs", r"'disc' is no group; groups are .*; did you mean 'disk'\?"),
        ("Disk.zfs", "'Disk' is no group"),
        ("hb.radio", "no template for the group hb: its drivers are subclasses of HeartbeatLink"),
        ("sync.tape", "no template for the group sync: its drivers are subclasses of Syncable"),
        ("disk.ZFS", "'ZFS' can't be a type"),
        ("disk.../etc", r"'\.\./etc' can't be a type"),
        ("disk.a.b", "can't be a type"),
        ("disk.a--b", "can't be a type"),
        ("disk.zf\u00e9", "can't be a type"),
        ("disk.zfs\n", "can't be a type"),
        ("disk." + "a" * 31, "30 characters at most"),
    ],
)
def test_a_bad_id_is_refused_with_the_reason(text, why):
    with pytest.raises(UsageError, match=why):
        DriverName.parse(text)
