"""The device of disk.loop, for what stands on it."""

import re
import shutil
from importlib.util import find_spec

import pytest
from opensvc_driver_loop.devices import next_free
from opensvc_linux.testing import run

from opensvc_core.api import Status

# its check says that it is to be started
WRITER = """
[app#0]
type = forking
start = /bin/dd if=/dev/zero of={disk#0.exposed_devs[0]} count=1 status=none
stop = /bin/true
check = /bin/false
"""


def test_the_device_is_known_while_it_is_attached(disk):
    assert list(disk.service.instance().part("disk#0").resource.exposed_devices()) == []
    disk.do("start")
    assert list(disk.service.instance().part("disk#0").resource.exposed_devices()) == [disk.device()]


def undisturbed(work, freed=()):
    """The first two free devices while some work was done, and its result; done again where somebody else took a device meanwhile."""
    for _ in range(50):
        first = next_free(taken=(), freed=freed)
        free = first, next_free(taken=(first,), freed=freed)
        result = work()
        if next_free(taken=(), freed=freed) == first:
            return free, result
    raise AssertionError("others attach loop devices all the time")


def test_a_plan_names_the_device_that_will_be_taken(disk):
    disk.has(more=WRITER)
    (first, _), planned = undisturbed(lambda: disk.planned("start"))
    assert planned[0] == f"disk#0: losetup --find --show --nooverlap {disk.file}"
    assert f"of={first} " in planned[1]


def test_a_plan_of_two_names_two_devices(disk):
    second_file = disk.folder / "second.img"
    shutil.copy(disk.file, second_file)
    disk.has(more=f"[disk#1]\ntype = loop\nfile = {second_file}\n" + WRITER + WRITER.replace("#0", "#1"))
    (first, second), planned = undisturbed(lambda: disk.planned("start"))
    assert f"of={first} " in planned[2]
    assert f"of={second} " in planned[3]


def test_a_plan_of_a_restart_may_take_the_same_device_again(disk):
    disk.has(more=WRITER.replace("/bin/false", "/bin/true"))
    disk.do("start")
    (first, _), planned = undisturbed(lambda: disk.planned("restart"), freed={disk.device()})
    assert f"of={first} " in planned[-1]


def test_the_status_of_what_stands_on_it_is_told_while_it_is_down(disk):
    disk.has(more="[app#0]\ntype = simple\nstart = /bin/sleep {disk#0.exposed_devs[0]}\n")
    assert disk.seen("app#0")[0] is Status.DOWN


needs_ext4 = pytest.mark.skipif(not find_spec("opensvc_driver_fs_ext4"), reason="needs fs.ext4: pip install opensvc-driver-fs-ext4")
FILESYSTEM = """
[fs#0]
type = ext4
dev = {disk#0.exposed_devs[0]}
mnt = PLACE
"""


@needs_ext4
@pytest.mark.parametrize("action", ["provision", "restart", "stop", "start", "unprovision"])
def test_a_file_system_on_it_is_planned_as_it_is_done(disk, action):
    disk.file.unlink()
    disk.has(size="8m", more=FILESYSTEM.replace("PLACE", f"{disk.folder}/mnt"))
    for before in {"provision": (), "start": ("provision", "stop")}.get(action, ("provision",)):
        disk.do(before)
    planned = [line.partition(": ")[2] for line in disk.planned(action)]
    # whoever else attaches a file meanwhile takes the device of the plan
    assert [nameless(line) for line in planned] == [nameless(line) for line in disk.do(action)]
    is_up = action in ("provision", "restart", "start")
    assert [disk.seen(rid)[0] for rid in ("disk#0", "fs#0")] == [Status.UP if is_up else Status.DOWN] * 2


@needs_ext4
def test_a_restart_of_a_file_system_on_it_is_planned_while_an_earlier_device_is_free(disk):
    other = disk.folder / "other.img"
    other.write_bytes(bytes(1 << 20))
    earlier = run("losetup", "--find", "--show", str(other)).strip()
    disk.file.unlink()
    disk.has(size="8m", more=FILESYSTEM.replace("PLACE", f"{disk.folder}/mnt"))
    disk.do("provision")
    run("losetup", "--detach", earlier)
    assert [nameless(line) for line in disk.planned("restart")][-1] == f"fs#0: mount -t ext4 /dev/loopN {disk.folder}/mnt"


def nameless(line):
    return re.sub(r"/dev/loop\d+", "/dev/loopN", line)
