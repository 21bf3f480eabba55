"""Snapshots of volumes as LVM reports them here; that they are what is copied is shown on a kernel that makes them."""

import json
from pathlib import Path

import pytest
from opensvc_driver_sync_rsync.driver import Rsync
from opensvc_driver_sync_rsync.snapshots import Snapshots, Volume, parse
from opensvc_linux import mounts

from opensvc_core.api import ActionFailed, CommandResult
from opensvc_core.testing.fakes import FakeSystem, context_for

ROW = {"vg_name": "data", "lv_name": "app", "segtype": "linear", "origin": "", "lv_tags": ""}


def report(*rows):
    return CommandResult(0, json.dumps({"report": [{"lv": [*rows]}]}))


def row(path, **more):
    """A volume that is mounted where this path is."""
    device, _ = mounts.inside(str(path), mounts.read())
    return {**ROW, "lv_kernel_major": str(device[0]), "lv_kernel_minor": str(device[1]), **more}


def inactive(**more):
    return {**ROW, "lv_kernel_major": "-1", "lv_kernel_minor": "-1", **more}


@pytest.fixture
def make(tmp_path):
    """Makes what yields the operations for a source, on a host where LVM reports these volumes."""

    def make(*rows, source=f"{tmp_path}/", size="10%ORIGIN"):
        context = context_for("sync#data", tmp_path, system=FakeSystem({"lvs": report(*rows)}))
        return Snapshots(context, size).make([source])

    return make


def ends(steps):
    """All operations, and what it returns."""
    found = []
    while True:
        try:
            found.append(next(steps))
        except StopIteration as stop:
            return found, stop.value


def test_a_report_of_lvs_is_read():
    (app, thin) = parse(report(inactive(lv_tags="a,b"), {**ROW, "lv_kernel_major": "253", "lv_kernel_minor": "7", "origin": "app"}).stdout)
    assert app == Volume("data", "app", tags=("a", "b"))
    assert (thin.device, thin.origin) == ((253, 7), "app")


def test_a_snapshot_is_made_and_mounted_each_with_what_takes_it_away(make, tmp_path):
    (create, folder, mount), (source,) = ends(make(row(tmp_path)))
    name = create.argv[create.argv.index("-n") + 1]
    assert create.argv[:6] == ["lvcreate", "-q", "-y", "-s", "-l", "10%ORIGIN"]
    assert create.argv[6:8] == ["--addtag", "opensvc.sync:web/sync#data"]
    assert create.argv[-1] == "data/app"
    assert create.undo.argv == ["lvremove", "-q", "-y", f"data/{name}"]
    point = mount.argv[-1]
    assert mount.argv[3:-1] == ["-o", mount.argv[4], f"/dev/data/{name}"]
    assert mount.argv[4].split(",")[0] == "ro"
    assert mount.undo.argv == ["umount", point]
    assert source.startswith(f"{point}/")
    assert source.endswith(f"{tmp_path.name}/")
    folder.do()
    assert Path(point).stat().st_mode & 0o777 == 0o700
    folder.undo.do()
    assert not Path(point).parent.exists()


@pytest.mark.parametrize(
    ("more", "size", "words"),
    [({}, "1048576b", ["-L", "1048576b"]), ({"segtype": "thin"}, "1048576b", ["--setactivationskip", "n"])],
    ids=["of a size", "thin"],
)
def test_how_much_may_change_is_told_to_lvm(make, tmp_path, more, size, words):
    create, *_ = ends(make(row(tmp_path, **more), size=size))[0]
    assert create.argv[4:6] == words
    assert create.argv[6] == "--addtag"


def test_what_a_killed_copy_has_left_is_removed_first_and_nothing_else(make, tmp_path):
    left = inactive(lv_name="app.sync.1", lv_tags="x,opensvc.sync:web/sync#data", origin="app")
    others = [
        inactive(lv_name="a", lv_tags="opensvc.sync:web/sync#data"),
        inactive(lv_name="b", lv_tags="opensvc.sync:db/sync#data", origin="app"),
    ]
    first, second, *_ = ends(make(row(tmp_path), left, *others))[0]
    assert (first.argv, second.argv[0]) == (["lvremove", "-q", "-y", "data/app.sync.1"], "lvcreate")


def test_a_source_on_no_logical_volume_is_named_with_what_it_is_on(make, tmp_path):
    mount = mounts.holding(str(tmp_path), mounts.read())
    with pytest.raises(ActionFailed) as caught:
        ends(make(inactive()))
    assert str(caught.value) == (
        f"sync#data.snap: {tmp_path}/ is on {mount.type} {mount.source}; that is no logical volume: no snapshot can be made of it"
        " (snap = false copies it as it is)"
    )


def test_a_link_is_followed_only_where_rsync_follows_it(make, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    assert ends(make(row(tmp_path), source=f"{tmp_path}/link/"))[1][0].endswith(f"{tmp_path.name}/data/")
    assert ends(make(row(tmp_path), source=f"{tmp_path}/link"))[1][0].endswith(f"{tmp_path.name}/link")


def test_two_sources_of_one_volume_have_one_snapshot(tmp_path):
    (tmp_path / "data").mkdir()
    context = context_for("sync#data", tmp_path, system=FakeSystem({"lvs": report(row(tmp_path))}))
    steps, sources = ends(Snapshots(context, "1g").make([f"{tmp_path}/data", f"{tmp_path}/"]))
    assert [str(step).split()[0] for step in steps] == ["lvcreate", "mkdir", "mount"]
    assert sources[0] == f"{sources[1]}data"


def test_what_is_mounted_below_a_source_and_would_be_copied_is_refused(tmp_path):
    found = mounts.read()
    top = mounts.holding("/", found)
    device = {"lv_kernel_major": str(top.device[0]), "lv_kernel_minor": str(top.device[1])}
    context = context_for("sync#data", tmp_path, system=FakeSystem({"lvs": report({**ROW, **device})}))
    with pytest.raises(ActionFailed, match=r"^sync#data\.snap: /\S+ is mounted below /, and is not in its snapshot$"):
        ends(Snapshots(context, "1g").make(["/"], crosses=True))
    assert ends(Snapshots(context, "1g").make(["/"]))[1][0].endswith("/")


def test_lvm_that_does_not_answer_is_told(tmp_path):
    context = context_for("sync#data", tmp_path, system=FakeSystem({"lvs": CommandResult(3, stderr="  first\n  last\n")}))
    with pytest.raises(ActionFailed, match=r"^sync#data\.snap: (lvs: last|.* is missing .*|the kernel has no device-mapper .*)$"):
        ends(Snapshots(context, "1g").make(["/"]))


def test_a_tag_has_only_what_lvm_takes(tmp_path):
    assert Snapshots(context_for("sync#a b@c", tmp_path, service="ns/svc/web"), "1g").tag == "opensvc.sync:ns/svc/web/sync#a+20+b+40+c"


def test_nothing_is_asked_of_lvm_without_a_snapshot(tmp_path):
    system = FakeSystem()
    values = {"src": ["/"], "dst": "/", "target": ["nodes"], "snap": False, "snap_size": "10%ORIGIN", "options": []}
    resource = Rsync(context_for("sync#data", tmp_path, system=system), values)
    assert ends(resource.still(["/a"])) == ([], ["/a"])
    assert list(resource.sweep()) == []
    resource = Rsync(context_for("sync#data", tmp_path, system=system), {**values, "snap": True})
    assert list(resource.sweep()) == []
    assert system.asked == []


@pytest.mark.parametrize("option", ["--relative", "-R", "-vR"])
def test_paths_of_snapshots_are_not_sent(tmp_path, option):
    values = {"snap": True, "snap_size": "1g", "options": [option]}
    with pytest.raises(ActionFailed, match=r"sync#data\.options: with 'snap' the paths are others"):
        next(Rsync(context_for("sync#data", tmp_path), values).still(["/"]))
