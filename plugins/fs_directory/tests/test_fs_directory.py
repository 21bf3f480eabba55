"""The driver fs.directory."""

import os
import stat
from grp import getgrgid
from pwd import getpwnam

import pytest
from opensvc_driver_fs_directory.testing import PlainPromises, Promises

from opensvc_core.api import ActionFailed, Status
from opensvc_core.instance.request import Request
from opensvc_core.testing.one import One

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: owners are changed")


class TestConformance(Promises):
    pass


class TestPlain(PlainPromises):
    pass


class Folder(One):
    """A service with one directory, at `path`."""

    path = None

    def has(self, more="", **values):
        return super().has(more, path=self.path, **values)


@pytest.fixture
def one(node_below, tmp_path):
    made = Folder(node_below, "fs#1", tmp_path, type="directory")
    made.path = tmp_path / "data"
    return made


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_missing_directory_is_down(one):
    assert one.has().seen() == (Status.DOWN, [])


def test_start_makes_it_with_the_folders_above(one, tmp_path):
    one.path = tmp_path / "a" / "b" / "c"
    one.has(perm="750").do("start")
    assert mode_of(one.path) == 0o750
    assert one.seen() == (Status.NA, [])


def test_a_failed_start_takes_away_the_folders_above_as_well(one, tmp_path):
    one.path = tmp_path / "a" / "b" / "c"
    one.has(user="4242424" if os.geteuid() else "nobody")
    text = one.service.file.read_text()
    one.service.file.write_text(text + "\n[app#failing]\ntype = failing\n")
    with pytest.raises(ActionFailed):
        one.do("start")
    assert not (tmp_path / "a").exists()


def test_a_rollback_leaves_what_has_come_into_it(one, tmp_path):
    text = one.has().service.file.read_text()
    one.service.file.write_text(text + f"\n[app#failing]\ntype = failing\npre_start = touch {one.path}/data\n")
    with pytest.raises(ActionFailed):
        one.do("start")
    assert (one.path / "data").exists()


def test_another_mode_is_a_warning_until_a_start_corrects_it(one):
    one.path.mkdir(mode=0o700)
    one.has(perm="2750")
    assert one.seen() == (Status.WARN, ["perm is 700, and should be 2750"])
    assert one.do("start") == [f"chmod 2750 {one.path}"]
    assert one.seen() == (Status.NA, [])


def test_a_mode_that_the_file_does_not_give_stays(one):
    one.path.mkdir()
    one.path.chmod(0o701)
    assert one.has().seen() == (Status.NA, [])
    assert one.do("start") == []
    assert mode_of(one.path) == 0o701


def test_a_rollback_gives_the_mode_back(one):
    one.path.mkdir()
    one.path.chmod(0o701)
    text = one.has(perm="755").service.file.read_text()
    one.service.file.write_text(text + "\n[app#failing]\ntype = failing\n")
    with pytest.raises(ActionFailed):
        one.do("start")
    assert mode_of(one.path) == 0o701


@needs_root
@pytest.mark.parametrize("by_name", [True, False], ids=["names", "numbers"])
def test_owner_and_group_are_set_by_name_or_number(one, by_name):
    nobody = getpwnam("nobody")
    group = getgrgid(nobody.pw_gid)
    owner = {"user": "nobody", "group": group.gr_name} if by_name else {"user": nobody.pw_uid, "group": group.gr_gid}
    one.path.mkdir()
    assert one.has(**owner).seen()[0] is Status.WARN
    one.do("start")
    assert (one.path.stat().st_uid, one.path.stat().st_gid) == (nobody.pw_uid, group.gr_gid)
    assert one.seen() == (Status.NA, [])


@needs_root
def test_a_mode_with_its_group_bit_outlasts_a_change_of_owner(one):
    one.path.mkdir()
    one.path.chmod(0o2750)
    one.has(user="nobody", perm="2750").do("start")
    assert mode_of(one.path) == 0o2750


@needs_root
def test_a_rollback_gives_the_owner_back(one):
    one.path.mkdir()
    text = one.has(user="nobody").service.file.read_text()
    one.service.file.write_text(text + "\n[app#failing]\ntype = failing\n")
    with pytest.raises(ActionFailed):
        one.do("start")
    assert one.path.stat().st_uid == 0


def test_an_owner_that_the_host_does_not_know_is_named(one):
    one.path.mkdir()
    one.has(user="nosuchuser")
    status, (text,) = one.seen()
    assert status is Status.UNDEF and "nosuchuser" in text and "this host does not know that name" in text
    with pytest.raises(ActionFailed, match="nosuchuser"):
        one.do("start")


def test_an_unknown_owner_makes_no_directory(one):
    with pytest.raises(ActionFailed, match="nosuchuser"):
        one.has(user="nosuchuser").do("start")
    assert not one.path.exists()


def test_a_file_in_its_place_is_refused_and_stays(one):
    one.path.write_text("data")
    assert one.has().seen() == (Status.WARN, [f"{one.path} is no directory"])
    with pytest.raises(ActionFailed, match="exists and is no directory; move it away"):
        one.do("start")
    assert one.path.read_text() == "data"


def test_a_relative_path_is_refused(one, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one.path = "data"
    with pytest.raises(ActionFailed, match="'data' does not begin with '/'"):
        one.has().do("start")
    assert not (tmp_path / "data").exists()


def test_stop_leaves_it_for_it_may_hold_data(one):
    one.has().do("start")
    (one.path / "file").touch()
    assert one.do("stop") == []
    assert (one.path / "file").exists()


def test_unprovision_removes_only_an_empty_one(one):
    one.has().do("start")
    (one.path / "file").touch()
    assert one.do("unprovision") == []
    (one.path / "file").unlink()
    assert one.do("unprovision") == [f"rmdir {one.path}"]
    assert not one.path.exists()


def test_what_can_not_be_made_says_why(one, tmp_path):
    (tmp_path / "file").touch()
    one.path = tmp_path / "file" / "data"
    with pytest.raises(ActionFailed, match="Not a directory"):
        one.has().do("start")


def test_a_plan_of_nested_directories_is_what_is_done(node_below, tmp_path):
    text = "".join(f"[fs#{rid}]\ntype = directory\npath = {tmp_path}/{path}\n" for rid, path in ((1, "a/b/c"), (2, "a"), (3, "a/d")))
    service = node_below.create("nested", text)
    planned = service.plan("start").operations
    assert planned == service.perform(Request("start"), lambda _event: None)
