"""The status of disk.loop."""

import sys
from pathlib import Path
from runpy import run_path

import pytest
from opensvc_driver_loop.devices import LoopDevice, attached
from opensvc_driver_loop.driver import Loop

from opensvc_core.api import ConfigError, Status
from opensvc_core.testing.apart import give_back
from opensvc_core.testing.fakes import context_for

_shared = run_path(str(Path(__file__).with_name("bench_loop.py")))
run = _shared["run"]
attach = _shared["attach"]
MEGABYTE = _shared["MEGABYTE"]


# -- the words


def test_labels(disk):
    resource = disk.service.instance().part("disk#0").resource
    assert (resource.label(), resource.classic_label()) == (f"loop {disk.file}", str(disk.file))


def test_a_relative_path_is_refused_when_it_is_set(disk):
    with pytest.raises(ConfigError, match="does not begin with '/'"):
        disk.has(file="disk.img")


# -- status


def test_a_missing_file_is_down_and_not_provisioned(disk):
    disk.file.unlink()
    assert disk.seen() == (Status.DOWN, [])
    assert disk.service.status().local.provisioned.name == "NO"


def test_a_file_that_was_attached_by_hand_is_up(disk):
    attach(disk.file)
    assert disk.seen() == (Status.UP, [])


def test_a_file_behind_a_link_is_known_by_its_own_identity(disk):
    link = disk.folder / "link"
    link.symlink_to(disk.file)
    disk.has(file=link)
    disk.do("start")
    assert disk.seen() == (Status.UP, [])
    assert list(disk.devices().values()) == [str(disk.file)]


def test_a_read_only_device_is_a_warning(disk):
    device = attach("--read-only", disk.file)
    assert disk.seen() == (Status.WARN, [f"{device} is read-only"])


def test_a_device_that_goes_with_its_last_user_is_a_warning(disk):
    device = attach(disk.file)
    with Path(device).open("rb"):
        run("losetup", "-d", device)
        status, (text,) = disk.seen()
    assert status is Status.WARN and text.startswith(f"{device} is detached when its last user closes it")
    assert disk.seen() == (Status.DOWN, [])


def test_a_file_that_was_deleted_under_its_device_is_a_warning(disk):
    device = attach(disk.file)
    disk.file.unlink()
    status, (text,) = disk.seen()
    assert status is Status.WARN and text.startswith(f"{device} has {disk.file} attached, which was deleted")


def test_the_same_path_in_another_namespace_is_another_file(disk, tmp_path):
    """A device that a container made on its own file of that path is not ours."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = (
        f"{give_back(disk.folder)}mount -t tmpfs none {elsewhere} && truncate -s 1m {elsewhere}/disk.img && "
        f"mount --bind {elsewhere} {disk.folder} && losetup --find --show {disk.file}"
    )
    device = run("unshare", "--mount", "sh", "-c", script)
    try:
        assert Path(f"/sys/block/{Path(device).name}/loop/backing_file").read_text().strip().endswith("/disk.img")
        assert disk.seen() == (Status.DOWN, [])
    finally:
        run("losetup", "-d", device)


def test_to_look_takes_no_process(disk):
    device = attach(disk.file)
    code = (
        "import sys\n"
        "from opensvc_driver_loop.devices import attached\n"
        "sys.addaudithook(lambda event, _: sys.exit(event) if event in ('subprocess.Popen', 'os.fork', 'os.posix_spawn') else None)\n"
        f"print(attached({str(disk.file)!r})[0].path, 'subprocess' in sys.modules)\n"
    )
    assert run(sys.executable, "-c", code) == f"{device} False"


def test_who_may_not_ask_goes_by_the_path(disk):
    """An ordinary user sees the status as well."""
    device = attach(disk.file)
    Path(disk.folder).chmod(0o755)
    code = f"from opensvc_driver_loop.devices import attached; print(attached({str(disk.file)!r})[0].path)"
    assert run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", code) == device


def test_a_device_on_another_file_of_that_name_is_not_ours(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with (tmp_path / name / "disk.img").open("wb") as file:
            file.truncate(MEGABYTE)
    attach(tmp_path / "one" / "disk.img")
    assert attached(str(tmp_path / "two" / "disk.img")) == []
    assert [device.is_plain for device in attached(str(tmp_path / "one" / "disk.img"))] == [True]


def test_the_size_of_a_resource_without_one_is_needed_for_provisioning_only(tmp_path):
    resource = Loop(context_for("disk#0", tmp_path), {"file": str(tmp_path / "disk.img")})
    assert resource.status() is Status.DOWN


def test_a_plain_device_is_the_whole_of_a_file_that_is_there():
    device = LoopDevice("/dev/loop9", "/srv/x.img", is_deleted=False, is_part=False, is_readonly=False, clears_itself=False)
    assert device.is_plain
    assert not device._replace(is_part=True).is_plain
    assert not device._replace(is_deleted=True).is_plain
