"""Mounts, read from recorded texts of /proc/PID/mountinfo."""

import os

import pytest
from opensvc_linux import mounts
from opensvc_linux.mounts import at, below, holding, inside, may_hang, parse

SAMPLE = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
40 27 253:3 / /srv/data rw,noatime shared:12 master:1 - ext4 /dev/mapper/vg1-data rw,data=ordered
41 40 253:4 / /srv/data/in\040ner rw - xfs /dev/mapper/vg1-in\134ner rw
42 27 253:3 /logs /var/log/app ro - ext4 /dev/mapper/vg1-data rw
43 27 0:50 / /net rw - nfs4 nas1:/export/a\040b rw,vers=4.2
44 43 0:51 / /net/cache rw - tmpfs cache rw
45 40 0:52 / /srv/data rw - tmpfs over rw
46 27 0:53 /sub /mnt/btrfs rw - btrfs /dev/sdb rw,subvol=/sub
47 27 7:1 / /broken rw - ext4 /dev/loop1 rw,emergency_ro
48 27 0:54 / /ov rw - overlay overlay rw,lowerdir=/a:/b
cut short
"""


@pytest.fixture
def sample():
    return parse(SAMPLE)


def points(found):
    return [(mount.type, mount.point) for mount in found]


def test_all_whole_lines_are_read(sample):
    assert len(sample) == 11
    assert parse("") == []


def test_fields_stand_where_the_manual_says(sample):
    mount = next(one for one in sample if one.id == 40)
    assert (mount.parent, mount.device, mount.root, mount.type, mount.source) == (27, (253, 3), "/", "ext4", "/dev/mapper/vg1-data")
    assert mount.options == {"rw", "noatime"} and mount.super_options == {"rw", "data=ordered"}
    assert str(mount) == "ext4 /dev/mapper/vg1-data on /srv/data"


def test_octal_escapes_are_characters(sample):
    inner = next(one for one in sample if one.id == 41)
    assert (inner.point, inner.source) == ("/srv/data/in ner", "/dev/mapper/vg1-in\\ner")
    assert next(one for one in sample if one.id == 43).source == "nas1:/export/a b"


def test_names_that_are_no_utf8_come_through(tmp_path, monkeypatch):
    text = b"1 0 0:1 / /\xff\xc3\xa4 rw - tmpfs x rw\n".decode("utf-8", "surrogateescape")
    assert os.fsencode(parse(text)[0].point) == b"/\xff\xc3\xa4"


def test_the_last_of_several_mounts_at_a_point_is_the_one_that_is_seen(sample):
    assert points(at("/srv/data", sample)) == [("ext4", "/srv/data"), ("tmpfs", "/srv/data")]
    assert at("/srv", sample) == []


def test_mounts_below_a_path(sample):
    assert points(below("/srv/data", sample)) == [("xfs", "/srv/data/in ner")]
    assert below("/srv/dat", sample) == []


def test_a_path_is_in_the_nearest_mount(sample):
    assert holding("/var/log/app/x", sample).id == 42
    assert holding("/srv/database", sample).id == 27
    assert holding("/srv/data/x", sample).id == 45


def test_a_path_as_its_file_system_knows_it(sample):
    assert inside("/var/log/app/x/y", sample) == ((253, 3), "/logs/x/y")
    assert inside("/var/log/app", sample) == ((253, 3), "/logs")
    assert inside("/var", sample) == ((254, 0), "/var")
    assert inside("/", sample) == ((254, 0), "/")


@pytest.mark.parametrize(
    ("path", "expected"), [("/srv/data/x", False), ("/net/x", True), ("/net/cache", True), ("/network", False), ("/ov/x", False)]
)
def test_what_is_on_the_way_tells_whether_a_look_may_hang(sample, path, expected):
    assert may_hang(path, sample) is expected


def test_read_only_is_told_by_the_mount_or_by_the_file_system(sample):
    assert [mount.id for mount in sample if mount.is_read_only] == [42, 47]


def test_a_process_that_has_ended_sees_no_mounts():
    assert mounts.read(999999999) == []


def test_this_process_sees_its_root():
    assert at("/", mounts.read())
