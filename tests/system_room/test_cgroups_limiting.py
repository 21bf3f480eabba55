"""Limits on groups: version 2 as a folder with the kernel's files, version 1 as this host has it."""

import subprocess
from pathlib import Path

import pytest

from opensvc_core.model.limits import ProcessGroup
from opensvc_core.system.cgroups import ControlGroups
from opensvc_core.system.hierarchies import Tree
from opensvc_core.system.limiting import Limiter

SERVICE, APP = "opensvc/svc.web", "opensvc/svc.web/app.1"
ALL = frozenset({"cpu", "cpuset", "memory", "io"})
FILES = {
    "cpu.weight": "100",
    "cpu.max": "max 100000",
    "memory.max": "max",
    "memory.swap.max": "max",
    "cpuset.cpus": "",
    "cpuset.mems": "",
    "io.weight": "default 100",
}
MIB = 1 << 20


def fake(base, *, controllers=ALL, files=FILES):
    """A hierarchy of version 2 as a folder; our groups in it are there."""
    for name in ("", "opensvc", SERVICE, APP):
        (base / name).mkdir(exist_ok=True)
        for file in ("cgroup.procs", "cgroup.subtree_control"):
            (base / name / file).write_text("")
        for file, text in files.items():
            (base / name / file).write_text(text + "\n")
    return ControlGroups(base, main=Tree(base, 2, controllers))


def chain(service=None, app=None):
    return [ProcessGroup(SERVICE, "DEFAULT", service or {}), ProcessGroup(APP, "app#1", app or {})]


def read(base, name, file):
    return (base / name / file).read_text().strip()


def test_version_2_holds_the_limits_of_each_group(tmp_path):
    limiter = Limiter(fake(tmp_path), 2)

    unmet = limiter.apply(chain({"pg_mem_limit": 64 * MIB}, {"pg_cpu_quota": "50%@all", "pg_cpus": "1"}), APP)

    assert unmet == []
    assert read(tmp_path, SERVICE, "memory.max") == "67108864"
    assert read(tmp_path, SERVICE, "cpu.max") == "max 100000"
    assert read(tmp_path, APP, "cpu.max") == "100000 100000"
    assert read(tmp_path, APP, "cpuset.cpus") == "1"


def test_version_2_is_asked_for_a_controller_from_the_top_down_to_above_the_group(tmp_path):
    Limiter(fake(tmp_path), 2).apply(chain({"pg_mem_limit": MIB}), APP)

    given = {name: read(tmp_path, name, "cgroup.subtree_control") for name in ("", "opensvc", SERVICE, APP)}
    assert given == {"": "+memory", "opensvc": "+memory", SERVICE: "", APP: ""}


def test_a_limit_that_is_given_no_more_is_taken_back(tmp_path):
    limiter = Limiter(fake(tmp_path), 2)
    assert not limiter.has_limits(APP)
    limiter.apply(chain(app={"pg_mem_limit": 64 * MIB, "pg_cpu_shares": 512}), APP)
    assert (limiter.has_limits(APP), limiter.has_limits(SERVICE)) == (True, False)

    limiter.apply(chain(app={"pg_cpu_shares": 256}), APP)
    assert (read(tmp_path, APP, "memory.max"), read(tmp_path, APP, "cpu.weight")) == ("max", "25")
    limiter.apply(chain(), APP)
    assert not limiter.has_limits(APP)


def test_a_controller_that_the_host_does_not_have_is_told_by_name(tmp_path):
    groups = fake(tmp_path, controllers=frozenset({"cpu"}))

    unmet = Limiter(groups).apply(chain({"pg_mem_limit": MIB, "pg_vmem_limit": MIB}, {"pg_cpu_shares": 512}), APP)

    assert [str(one) for one in unmet] == [
        "DEFAULT.pg_mem_limit has no effect: this host has no controller memory",
        "DEFAULT.pg_vmem_limit has no effect: this host has no controller memory",
    ]
    assert read(tmp_path, APP, "cpu.weight") == "50"


def test_a_controller_that_can_not_be_had_is_told(tmp_path):
    groups = fake(tmp_path)
    # a directory can't be written to, as the kernel refuses where processes are in the way
    (tmp_path / "cgroup.subtree_control").unlink()
    (tmp_path / "cgroup.subtree_control").mkdir()

    (unmet,) = Limiter(groups).apply(chain(app={"pg_mem_limit": MIB}), APP)

    assert str(unmet) == f"app#1.pg_mem_limit has no effect: controller memory: {tmp_path}/cgroup.subtree_control: Is a directory"


def test_a_file_that_the_kernel_does_not_have_is_told(tmp_path):
    groups = fake(tmp_path, files={"memory.max": "max"})

    unmet = Limiter(groups).apply(chain(app={"pg_vmem_limit": MIB, "pg_blkio_weight": 100}), APP)

    assert {str(one) for one in unmet} == {
        "app#1.pg_vmem_limit has no effect: controller memory: this kernel has no memory.swap.max",
        "app#1.pg_blkio_weight has no effect: controller io: this kernel has no io.weight",
    }


def test_what_version_2_can_not_do_is_told(tmp_path):
    unmet = Limiter(fake(tmp_path)).apply(chain(app={"pg_mem_oom_control": 1, "pg_mem_swappiness": 5}), APP)

    assert [one.keyword for one in unmet] == ["pg_mem_oom_control", "pg_mem_swappiness"]
    assert all("version 2" in one.reason for one in unmet)


# -- version 1, of this host


def tree_of(groups, controller):
    tree = next((tree for tree in groups.trees if tree.version == 1 and controller in tree.controllers), None)
    if tree is None:
        pytest.skip(f"this host has no controller {controller} of version 1")
    return tree


def place(groups, controller, name):
    return tree_of(groups, controller).base / groups.directory(name).relative_to(groups.base)


def of(name, **limits):
    return [ProcessGroup(name, "app#1", limits)]


def test_version_1_holds_limits_where_the_controller_is(group):
    groups, name = group
    limits = {"pg_mem_limit": 64 * MIB, "pg_vmem_limit": 128 * MIB, "pg_cpu_shares": 512, "pg_cpus": "0", "pg_mem_swappiness": 7}
    where = place(groups, "memory", name)

    assert Limiter(groups).apply(of(name, **limits), name) == []

    assert (where / "memory.limit_in_bytes").read_text().strip() == str(64 * MIB)
    assert (where / "memory.memsw.limit_in_bytes").read_text().strip() == str(128 * MIB)
    assert (where / "memory.swappiness").read_text().strip() == "7"
    assert (place(groups, "cpu", name) / "cpu.shares").read_text().strip() == "512"
    assert (place(groups, "cpuset", name) / "cpuset.cpus").read_text().strip() == "0"


def test_memory_with_swap_grows_and_shrinks_with_memory(group):
    groups, name = group
    where = place(groups, "memory", name)
    for size in (64 * MIB, 256 * MIB, 32 * MIB):
        assert Limiter(groups).apply(of(name, pg_vmem_limit=size), name) == []
        assert (where / "memory.memsw.limit_in_bytes").read_text().strip() == str(size)
    Limiter(groups).apply(of(name), name)
    assert int((where / "memory.limit_in_bytes").read_text()) > 1 << 60


def test_processes_that_run_come_under_a_new_limit(group, mark, until):
    groups, name = group
    where = place(groups, "memory", name)
    top = name.rpartition("/")[0]
    entering = ["/bin/sh", "-c", 'echo 0 > "$0/cgroup.procs"; sleep 65 & wait', str(groups.make(name))]
    with subprocess.Popen(entering, start_new_session=True):
        until(lambda: len(groups.pids(name)) == 2)
        Limiter(groups).apply(of(top, pg_mem_limit=64 * MIB), name)
        assert {int(pid) for pid in (where / "cgroup.procs").read_text().split()} == set(groups.pids(name))
        groups.end(name, 0)
    assert groups.remove(name)
    assert not where.exists()


def test_a_cpuset_is_narrowed_under_those_below_it(group):
    groups, name = group
    top = name.rpartition("/")[0]
    where = place(groups, "cpuset", name)
    if (where.parents[2] / "cpuset.cpus").read_text().strip() == "0":
        pytest.skip("needs two processors")
    Limiter(groups).apply([*of(top), *of(name, pg_cpus="0-1")], name)

    assert Limiter(groups).apply(of(top, pg_cpus="1"), name) == []
    assert [(path / "cpuset.cpus").read_text().strip() for path in (where.parent, where)] == ["1", "1"]
    assert Limiter(groups).apply([*of(top), *of(name)], name) == []
    assert (where / "cpuset.cpus").read_text() == (tree_of(groups, "cpuset").base / "cpuset.cpus").read_text()


def test_a_processor_that_is_not_there_is_told(group):
    groups, name = group
    tree_of(groups, "cpuset")

    (unmet,) = Limiter(groups).apply(of(name, pg_cpus="4095"), name)

    assert str(unmet).startswith("app#1.pg_cpus has no effect: controller cpuset: cpuset.cpus = 4095: ")


def test_a_group_made_below_a_limited_one_is_limited_with_it(group):
    groups, name = group
    top = name.rpartition("/")[0]
    Limiter(groups).apply(of(top, pg_mem_limit=64 * MIB, pg_cpus="0"), top)
    groups.make(f"{top}/docker")

    assert place(groups, "memory", f"{top}/docker") in groups.entrances(f"{top}/docker")
    assert (place(groups, "cpuset", f"{top}/docker") / "cpuset.cpus").read_text().strip() == "0"
    assert groups.remove(f"{top}/docker")
    assert [tree.base for tree in groups.trees if (tree.base / Path(top).parts[0]).exists()] == []


def test_services_without_limits_stand_in_one_hierarchy_alone(group):
    groups, name = group
    groups.make(name)

    assert groups.entrances(name) == [groups.directory(name)]
    assert not Limiter(groups).has_limits(name)
