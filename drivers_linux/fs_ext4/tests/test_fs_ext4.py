"""The drivers fs.ext4, fs.ext3 and fs.ext2: what is done, and in what order, and how it is shown."""

import os

import pytest
from opensvc_linux.testing import mounted, run

from opensvc_core.api import Status
from opensvc_core.instance.request import Request


def test_start_says_what_the_older_agents_said(one):
    device = one.ground.made("ext4")
    one.has(device)
    assert one.do("start") == [f"create missing mountpoint {one.mnt}", f"e2fsck -p {device}", f"mount -t ext4 {device} {one.mnt}"]
    assert one.seen() == (Status.UP, [])
    assert one.do("stop") == [f"umount {one.mnt}"]
    assert one.do("start")[0] == f"e2fsck -p {device}"


def test_a_plan_of_a_forced_stop_names_who_would_be_ended(one, holder):
    one.has(one.ground.made("ext4")).do("start")
    process = holder("", cwd=one.mnt)
    told = [(noted.text, noted.condition) for noted in one.service.plan("stop", is_forced=True).operations]
    assert told[0] == (f"umount {one.mnt}", "")
    assert told[1][0] == f"kill {process.pid}" and f"pid {process.pid}" in told[1][1]
    assert process.poll() is None
    assert [noted.text for noted in one.service.plan("stop").operations] == [f"umount {one.mnt}"]
    one.do("stop", is_forced=True)
    assert process.wait(50) < 0


def test_what_may_be_ours_while_the_device_is_not_there_is_neither_down_nor_stopped(one):
    """Such as on a disk that was renamed while it was up: a stop that said down would let another node mount the same."""
    device, dev = one.ground.made("ext4"), "/dev/disk/gone"
    one.has(device).do("start")
    text = f"ext4 {device} on {one.mnt} may be of this service: {dev} is not there to tell"
    assert one.has(dev).seen() == (Status.WARN, [text])
    assert text in one.refuses("stop")
    assert one.has(device).do("stop") == [f"umount {one.mnt}"]


def test_another_file_system_in_its_place_is_down_while_the_device_is_there(one):
    first, second = one.ground.made("ext4", "first"), one.ground.made("ext4", "second")
    one.has(first).do("start")
    assert one.has(second).seen()[0] is Status.DOWN
    assert one.do("stop") == []
    one.has(first).do("stop")


def test_a_device_named_from_the_current_directory_is_refused(one, monkeypatch):
    device = one.ground.made("ext4")
    monkeypatch.chdir("/dev")
    assert "does not begin with '/'; a device is a path from the root" in one.has(device.removeprefix("/dev/")).refuses("start")
    assert not mounted(one.folder)


def test_a_plan_tells_of_a_device_that_is_not_there(one):
    one.has(f"{one.folder}/later")
    told = {noted.text.split()[0]: noted.condition for noted in one.service.plan("start").operations}
    assert told == {"create": "", "e2fsck": f"{one.folder}/later is there then", "mount": f"{one.folder}/later is there then"}
    one.has(device := one.ground.made("ext4"))
    assert {noted.condition for noted in one.service.plan("start").operations} == {""}, device


def test_labels_are_those_of_the_tutorials(one):
    resource = one.has("/dev/vg1/data", mnt="/srv/data/").resource
    assert (resource.classic_label(), resource.label()) == ("/dev/vg1/data@/srv/data", "ext4 /dev/vg1/data@/srv/data")


def test_options_are_given_only_where_there_are_some(one):
    device = one.ground.made("ext4")
    assert one.has(device, mnt_opt="noatime, nodev").do("start")[-1] == f"mount -t ext4 -o noatime,nodev {device} {one.mnt}"
    (mount,) = mounted(one.folder)
    assert {"noatime", "nodev"} <= set(mount)


@pytest.mark.parametrize("word", ["mnt_opts", "mnt_option", "mnt_options"])
def test_older_words_for_options_are_read(one, word):
    assert one.has("/dev/x", **{word: "ro"}).resource.options == ["ro"]


def test_owner_and_mode_are_given_to_the_mounted_directory(one):
    one.has(one.ground.made("ext4"), user="nobody", perm="2750").do("start")
    assert one.seen() == (Status.UP, [])
    one.mnt.chmod(0o700)
    assert one.seen() == (Status.UP, ["perm is 700, and should be 2750"])
    assert one.do("start") == [f"chown nobody {one.mnt}", f"chmod 2750 {one.mnt}"]
    assert one.seen() == (Status.UP, [])


def test_an_owner_that_the_host_does_not_know_is_told_before_anything_is_done(one):
    one.has(one.ground.made("ext4"), user="nosuchuser")
    assert "this host does not know that name" in one.refuses("start")
    assert mounted(one.folder) == []


@pytest.mark.parametrize("mnt", ["with blank", "tab\there", "back\\slash", "käse ☃", "hash#mark"])
def test_mount_points_with_odd_names_are_found_again(one, mnt):
    resource = one.has(one.ground.made("ext4")).resource
    point = one.folder / mnt
    point.mkdir()
    resource.values = {**resource.values, "mnt": str(point)}
    one.ground.mount(resource.dev, str(point))
    assert resource.seen() is Status.UP


def test_a_mount_point_that_is_a_link_is_the_directory_that_it_leads_to(one):
    (one.folder / "real").mkdir()
    (one.folder / "mnt").symlink_to("real")
    one.has(one.ground.made("ext4")).do("start")
    assert mounted(one.folder)[0][2] == str(one.folder / "real")
    assert one.seen() == (Status.UP, [])
    assert one.do("stop") == [f"umount {one.mnt}"]


@pytest.mark.parametrize("name", ["LABEL", "UUID"])
def test_a_device_is_found_by_label_and_identity(one, name):
    device = one.ground.made("ext4", options=["-L", f"t{os.getpid()}"])
    value = run("blkid", "-p", "-o", "value", "-s", name, device).strip()
    one.has(f"{name}={value}")
    assert one.do("start")[-1] == f"mount -t ext4 {device} {one.mnt}"
    assert one.seen() == (Status.UP, [])
    assert list(one.resource.sub_devices()) == [device]
    one.do("stop")


def test_a_label_that_two_devices_have_is_refused(one):
    label = f"d{os.getpid()}"
    devices = [one.ground.made("ext4", name, options=["-L", label]) for name in "ab"]
    text = one.has(f"LABEL={label}").refuses("start")
    assert all(device in text for device in devices) and "name the device by its path" in text


def test_a_label_that_nobody_has_is_down_and_told(one):
    one.has("LABEL=no-such-label")
    assert one.seen()[0] is Status.DOWN
    assert "no device has LABEL=no-such-label" in one.refuses("start")


def test_another_name_of_the_device_is_the_same_device(one):
    device = one.ground.made("ext4")
    link = one.folder / "link"
    link.symlink_to(device)
    one.has(link).do("start")
    assert one.do("start") == []
    one.has(device)
    assert one.seen() == (Status.UP, [])
    one.has(link).do("stop")


def test_a_file_system_that_went_read_only_is_a_warning(one):
    one.has(one.ground.made("ext4")).do("start")
    run("mount", "-o", "remount,ro", str(one.mnt))
    assert one.seen() == (Status.UP, ["fs is not writable"])
    assert one.do("start") == []


def test_a_full_file_system_starts_and_is_up(one):
    device = one.ground.made("ext4")
    one.has(device).do("start")
    with pytest.raises(OSError, match="No space left"), (one.mnt / "fill").open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    one.do("stop")
    one.do("start")
    assert one.seen() == (Status.UP, [])


def test_a_read_check_tells_of_a_device_that_can_not_be_read(one):
    one.has(one.ground.made("ext4"), check_read="true").do("start")
    assert one.seen() == (Status.UP, [])


def test_what_is_provisioned_is_seen_on_the_device(one):
    empty, made = one.ground.disk("empty"), one.ground.made("ext4")
    assert one.has(made).resource.is_provisioned() is True
    assert one.has(empty).resource.is_provisioned() is False
    assert one.has("/dev/no-such-device").resource.is_provisioned() is None


def test_the_mount_point_that_holds_something_is_told(one):
    one.mnt.mkdir()
    (one.mnt / "file").touch()
    lines = []
    one.has(one.ground.made("ext4")).service.perform(Request("start"), lambda event: lines.append(event.text))
    assert any("is not empty: what is in it is hidden" in line for line in lines)


def test_nested_mounts_start_from_above_and_stop_from_below(one):
    outer, inner = one.ground.made("ext4", "outer"), one.ground.made("ext4", "inner")
    text = f"[fs#1]\ntype = ext4\ndev = {inner}\nmnt = {one.mnt}/in\n[fs#2]\ntype = ext4\ndev = {outer}\nmnt = {one.mnt}\n"
    one.service = one.node.create("web", text)
    planned = one.service.plan("start").operations
    done = one.service.perform(Request("start"), lambda _event: None)
    assert planned == done
    assert [operation.text for operation in done if operation.text.startswith("mount")] == [
        f"mount -t ext4 {outer} {one.mnt}",
        f"mount -t ext4 {inner} {one.mnt}/in",
    ]
    assert one.do("stop") == [f"umount {one.mnt}/in", f"umount {one.mnt}"]
