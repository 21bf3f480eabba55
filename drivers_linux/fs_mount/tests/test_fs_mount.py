"""The drivers of fs_mount: what they promise, each on the real thing."""

import os

import pytest
from opensvc_driver_fs_mount.memory import Bind
from opensvc_driver_fs_mount.network import Nfs
from opensvc_linux.mounts import parse
from opensvc_linux.testing import mounted, needs, run

from opensvc_core.api import ActionFailed, Status
from opensvc_core.testing.fakes import context_for
from opensvc_core.testing.one import One


class Mount(One):
    """A service with one file system."""

    def __init__(self, node, folder):
        self.mnt = folder / "mnt"
        super().__init__(node, "fs#1", folder, mnt=self.mnt)


@pytest.fixture
def one(ground, node_below, tmp_path):
    return Mount(node_below, tmp_path)


# -- bind mounts


def test_a_bind_mount_shows_what_stands_at_its_source(one):
    (one.folder / "a").mkdir()
    (one.folder / "a" / "file").write_text("x")
    assert one.has(type="bind", dev=one.folder / "a").do("start") == [
        f"create missing mountpoint {one.mnt}",
        f"mount -o bind {one.folder}/a {one.mnt}",
        f"note what {one.mnt} shows",
    ]
    assert (one.mnt / "file").read_text() == "x"
    assert one.seen() == (Status.UP, [])
    assert one.do("stop") == [f"umount {one.mnt}"]


def test_a_bind_mount_of_another_directory_is_not_ours(one, ground):
    for name in ("a", "b", "mnt"):
        (one.folder / name).mkdir()
    ground.mount("--bind", str(one.folder / "b"), str(one.mnt))
    one.has(type="bind", dev=one.folder / "a")
    status, (text,) = one.seen()
    assert status is Status.DOWN and text.startswith("another file system has its place")
    assert one.do("stop") == []


def bound_below_a_file_system(one, ground):
    """A bind mount of a directory in a file system that is mounted on fs."""
    (one.folder / "fs").mkdir()
    ground.mount("-t", "tmpfs", "inner", str(one.folder / "fs"))
    (one.folder / "fs" / "sub").mkdir()
    return one.has(type="bind", dev=one.folder / "fs" / "sub")


def test_a_bind_mount_that_outlives_its_source_s_mount_is_seen_and_stopped(one, ground):
    bound_below_a_file_system(one, ground).do("start")
    run("umount", str(one.folder / "fs"))
    text = f"{one.mnt} shows /sub of inner, which is not at {one.folder}/fs/sub any more"
    assert one.seen() == (Status.UP, [text])
    with pytest.raises(ActionFailed, match="stop it, then start it"):
        one.do("start")
    assert one.do("stop") == [f"umount {one.mnt}"]
    assert not mounted(one.folder)


def test_a_bind_mount_whose_source_was_made_anew_is_seen_and_restarted(one, ground):
    bound_below_a_file_system(one, ground).do("start")
    for change in (os.rmdir, os.mkdir):
        change(one.folder / "fs" / "sub")
    status, (text,) = one.seen()
    assert status is Status.UP and "which is not at" in text
    one.do("restart")
    assert one.seen() == (Status.UP, [])
    one.do("stop")
    assert len(mounted(one.folder)) == 1


def test_a_plan_of_a_bind_mount_tells_what_has_to_be_there(one):
    one.has(type="bind", dev=one.folder / "later")
    plan = one.service.plan("start")
    assert [noted.condition for noted in plan.operations if noted.text.startswith("mount")] == [f"{one.folder}/later is there then"]


def test_a_bind_mount_through_a_link_and_of_a_mounted_file_system_is_found(one, ground):
    (one.folder / "fs").mkdir()
    ground.mount("-t", "tmpfs", "inner", str(one.folder / "fs"))
    (one.folder / "fs" / "sub").mkdir()
    (one.folder / "link").symlink_to("fs/sub")
    one.has(type="bind", dev=one.folder / "link").do("start")
    assert one.seen() == (Status.UP, [])
    one.do("stop")


def test_a_file_can_be_bound_to_a_file_that_is_made(one):
    (one.folder / "a").write_text("text")
    one.has(type="bind", dev=one.folder / "a").do("start")
    assert one.mnt.read_text() == "text"
    one.do("stop")
    assert one.mnt.read_text() == ""


def test_a_file_is_not_bound_to_a_directory(one):
    (one.folder / "a").touch()
    one.mnt.mkdir()
    with pytest.raises(ActionFailed, match="both directories, or both files"):
        one.has(type="bind", dev=one.folder / "a").do("start")


def test_a_missing_source_is_told(one):
    with pytest.raises(ActionFailed, match="does not exist; is the file system below started"):
        one.has(type="bind", dev=one.folder / "none").do("start")


def test_rbind_takes_what_is_mounted_below_along_and_away_again(one, ground):
    below = one.folder / "a" / "below"
    below.mkdir(parents=True)
    ground.mount("-t", "tmpfs", "inner", str(below))
    one.has(type="bind", dev=one.folder / "a", mnt_opt="rbind").do("start")
    assert len(mounted(one.folder)) == 3
    one.do("stop")
    assert len(mounted(one.folder)) == 1


def test_a_read_only_bind_mount_is_no_warning(one):
    (one.folder / "a").mkdir()
    one.has(type="bind", dev=one.folder / "a", mnt_opt="ro").do("start")
    assert one.seen() == (Status.UP, [])


# -- others


def test_tmpfs_needs_no_device(one):
    assert one.has(type="tmpfs", mnt_opt="size=1m").do("start")[-1] == f"mount -t tmpfs -o size=1m tmpfs {one.mnt}"
    assert os.statvfs(one.mnt).f_blocks * os.statvfs(one.mnt).f_frsize == 1 << 20
    assert one.seen() == (Status.UP, [])


@pytest.mark.parametrize(
    ("kind", "megabytes", "program"),
    [
        pytest.param("xfs", 320, "mkfs.xfs -q", marks=needs("mkfs.xfs", "xfsprogs")),
        pytest.param("btrfs", 128, "mkfs.btrfs -q", marks=needs("mkfs.btrfs", "btrfs-progs")),
    ],
)
def test_provision_makes_it_and_unprovision_wipes_it(one, ground, kind, megabytes, program):
    device = ground.disk("empty", megabytes)
    assert one.has(type=kind, dev=device).do("provision")[0] == f"{program} {device}"
    assert one.seen() == (Status.UP, [])
    assert f"wipefs --all --types {kind} {device}" in one.do("unprovision")
    assert one.resource.is_provisioned() is False


@needs("mkfs.btrfs", "btrfs-progs")
def test_any_device_of_a_btrfs_is_the_file_system(one, ground):
    first, second = ground.disk("first", 128), ground.disk("second", 128)
    run("mkfs.btrfs", "-q", first, second)
    run("btrfs", "device", "scan", first, second)
    one.has(type="btrfs", dev=second).do("start")
    one.has(type="btrfs", dev=first)
    assert one.seen() == (Status.UP, [])
    one.do("stop")


def test_a_missing_helper_of_a_network_file_system_is_told():
    class Strange(Nfs):
        id = "fs.strange"

    assert Strange.host_problem() == "mount.strange is missing; install nfs-common (or nfs-utils)"


def test_nfs_is_found_under_the_name_that_the_kernel_gives_it(tmp_path):
    resource = Nfs(context_for("fs#1", tmp_path), {"dev": "nas1:/export/a/", "mnt": "/net"})
    mounts = parse("43 27 0:50 / /net rw - nfs4 nas1:/export/a rw,vers=4.2\n44 27 0:50 / /other rw - nfs4 nas2:/export/a rw\n")
    assert [resource.is_ours(mount, mounts) for mount in mounts] == [True, False]


def test_a_mount_of_nfs_is_given_up_in_time(tmp_path):
    resource = Nfs(context_for("fs#1", tmp_path), {"dev": "nas1:/export", "mnt": str(tmp_path), "mnt_opt": "vers=4"})
    (command,) = resource.mount()
    assert (command.argv, command.timeout) == (["mount", "-t", "nfs", "-o", "vers=4", "nas1:/export", str(tmp_path)], 180.0)


def test_a_relative_source_is_refused(tmp_path):
    with pytest.raises(ActionFailed, match="does not begin with '/'"):
        next(Bind(context_for("fs#1", tmp_path), {"dev": "logs", "mnt": str(tmp_path / "mnt")}).start())
