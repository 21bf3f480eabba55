import os
import subprocess

import pytest

from opensvc_core.errors import ActionFailed
from opensvc_core.system.cgroups import ControlGroups, safe_name
from opensvc_core.system.hierarchies import Hierarchy, hierarchies, own_group

VERSION_2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
VERSION_1 = """\
25 18 0:20 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
26 25 0:21 / /sys/fs/cgroup/systemd rw shared:10 - cgroup cgroup rw,xattr,release_agent=/usr/lib/systemd/agent,name=systemd
28 25 0:23 / /sys/fs/cgroup/net_cls,net_prio rw shared:12 - cgroup cgroup rw,net_cls,net_prio
30 25 0:25 / /sys/fs/cgroup/freezer rw shared:14 - cgroup cgroup rw,freezer
31 25 0:26 / /sys/fs/cgroup/pids rw shared:15 - cgroup cgroup rw,pids
"""
HYBRID = VERSION_1 + "32 25 0:27 / /sys/fs/cgroup/unified rw shared:16 - cgroup2 cgroup2 rw\n"
CONTAINER = "700 690 0:26 /docker/abc /mnt/c\\040g ro - cgroup cgroup rw,pids\n"


@pytest.mark.parametrize(
    ("text", "mount_points"),
    [
        pytest.param(VERSION_2, ["/sys/fs/cgroup"], id="version 2"),
        pytest.param(
            VERSION_1,
            ["/sys/fs/cgroup/pids", "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/net_cls,net_prio"],
            id="version 1",
        ),
        pytest.param(
            HYBRID,
            ["/sys/fs/cgroup/" + name for name in ("unified", "pids", "freezer", "systemd", "net_cls,net_prio")],
            id="hybrid",
        ),
        pytest.param(CONTAINER, ["/mnt/c g"], id="container"),
        pytest.param("", [], id="none"),
    ],
)
def test_the_best_hierarchy_comes_first(text, mount_points):
    assert [each.mount_point for each in hierarchies(text)] == mount_points


@pytest.mark.parametrize(
    ("hierarchy", "path"),
    [
        pytest.param(Hierarchy(2, frozenset(), "/", "/sys/fs/cgroup"), "system.slice/x.service", id="version 2"),
        pytest.param(Hierarchy(1, frozenset(["pids"]), "/docker/abc", "/m"), "sub", id="below the group of a container"),
        pytest.param(Hierarchy(1, frozenset(["name=systemd"]), "/", "/m"), "user.slice", id="named"),
        pytest.param(Hierarchy(1, frozenset(["freezer"]), "/", "/m"), "", id="not listed"),
    ],
)
def test_our_own_group_is_read_for_each_hierarchy(hierarchy, path):
    text = "12:cpu,pids:/docker/abc/sub\n1:name=systemd:/user.slice\n0::/system.slice/x.service\n"

    assert own_group(text, hierarchy) == path


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("opensvc/svc1/app#1", "opensvc/svc1/app.1"),
        ("/a//b/", "a/b"),
        ("a/../b", "a/_../b"),
        ("a/cpu.stat", "a/_cpu.stat"),
        ("a/cpu", "a/cpu"),
        ("a b/ü", "a.b/_."),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


def start_in(directory, script):
    entering = 'echo 0 > "$0/cgroup.procs"; ' + script
    return subprocess.Popen(["/bin/sh", "-c", entering, str(directory)], start_new_session=True)


def test_a_group_holds_its_processes_until_they_are_ended(group, mark, until):
    groups, name = group
    directory = groups.make(name)
    with start_in(directory, "trap '' TERM; setsid sleep 63 & wait") as leader:
        until(lambda: len(groups.pids(name)) == 2)

        assert leader.pid in groups.pids(name)
        assert not groups.remove(name)
        assert groups.end(name, 0.2) == []
        assert groups.processes(name) == []


def test_processes_in_groups_below_count(group, mark, until):
    groups, name = group
    with start_in(groups.make(f"{name}/inner"), "exec sleep 64"):
        until(lambda: groups.pids(name))
        groups.end(name, 1)

    assert groups.remove(name)


def test_the_groups_above_go_when_they_are_empty(group):
    groups, name = group
    neighbour = name.replace("app#1", "app#2")
    groups.make(name)
    groups.make(name)
    groups.make(neighbour)

    assert groups.remove(name)
    assert groups.directory(neighbour).exists()
    assert groups.remove(neighbour)
    assert not groups.directory(name.split("/", maxsplit=1)[0]).exists()


def test_a_missing_group_is_empty_and_gone(group):
    groups, name = group

    assert (groups.pids(name), groups.end(name, 1), groups.remove(name)) == ([], [], True)


def test_a_group_that_cannot_be_made_is_a_failure(tmp_path):
    (tmp_path / "svc1").write_text("")

    with pytest.raises(ActionFailed, match=r"control group .*svc1"):
        ControlGroups(tmp_path).make("svc1/app#1")


def test_the_groups_of_this_host_are_writable():
    groups = ControlGroups.find()

    assert groups is None or os.access(groups.base / "cgroup.procs", os.W_OK)
