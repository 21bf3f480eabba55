"""Limits of processors and memory, held by the kernel: for applications, subsets and services, in nodes with both versions' hierarchies."""

import os
import re

import pytest

CORES = os.cpu_count() or 1
if CORES < 2:
    pytest.skip("needs two processors", allow_module_level=True)

# Takes N MiB of memory, writes what became of it, and stays.
EATER = """#!/bin/sh
/usr/bin/python3 -c "b = bytearray($1 << 20)"
echo $? >/root/$2
exec sleep ${3:-1000}
"""
# Works for a tenth of a second of a processor, and writes how long that took by the clock, and which processors it has.
WORKER = """#!/usr/bin/python3
import os, time
begun, end = time.monotonic(), time.process_time() + 0.1
while time.process_time() < end:
    pass
open("/root/worked", "w").write(f"{time.monotonic() - begun} {sorted(os.sched_getaffinity(0))}\\n")
time.sleep(1000)
"""


@pytest.fixture(scope="module")
def prepared(module_lab):
    n1, _ = module_lab.nodes
    n1.write("/root/eat", EATER, mode=0o755)
    n1.write("/root/work", WORKER, mode=0o755)
    return n1


@pytest.fixture
def node(prepared):
    """A node; its services are stopped, and their groups gone from every hierarchy, at the end."""
    prepared("sh -c 'rm -f /root/worked /root/eaten*'")
    yield prepared
    prepared("om '*' stop --local", code=None)
    prepared("sh -c 'rm -f /etc/opensvc/*.conf'")
    assert prepared("find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -name 'opensvc*'").stdout == ""


def service(node, text, name="web"):
    node.write(f"/etc/opensvc/{name}.conf", f"[DEFAULT]\nnodes = n1\nid = {name:0<8}-2222-3333-4444-555555555555\n{text}")
    return node(f"om {name} start --local", code=None)


def said(done):
    return done.stdout + done.stderr


def when(node, file):
    """The text of a file as soon as it is there."""
    return node(f"sh -c 'until test -s {file}; do sleep 0.05; done; cat {file}'").stdout.strip()


def value(node, controller, file, group="svc.web/app.1"):
    return node(f"cat /sys/fs/cgroup/{controller}/opensvc/{group}/{file}").stdout.strip()


def app(rid, command, more=""):
    return f"[app#{rid}]\ntype = simple\nstart = {command}\nkill = tree\n{more}\n"


def test_an_application_that_takes_more_memory_than_it_may_is_killed(node):
    service(node, app(1, "/root/eat 150 eaten1", "pg_mem_limit = 64m\npg_vmem_limit = 64m") + app(2, "/root/eat 150 eaten2"))

    assert (when(node, "/root/eaten1"), when(node, "/root/eaten2")) == ("137", "0")
    assert value(node, "memory", "memory.limit_in_bytes") == str(64 << 20)


def test_a_quota_slows_an_application_down_and_a_cpuset_pins_it(node):
    service(node, app(1, "/root/work", "pg_cpu_quota = 5%\npg_cpus = 1"))

    took, processors = when(node, "/root/worked").split(" ", 1)
    assert float(took) > 1  # on an idle machine, 0.1 without the quota
    assert processors == "[1]"
    assert int(re.findall(r"nr_throttled (\d+)", value(node, "cpu", "cpu.stat"))[0]) > 0


def test_what_a_service_may_take_holds_for_all_its_applications(node):
    text = "pg_vmem_limit = 96m\n" + app(1, "/root/eat 60 eaten1", "pg_mem_limit = 1g") + app(2, "/root/eat 150 eaten2")
    service(node, text)

    assert (when(node, "/root/eaten1"), when(node, "/root/eaten2")) == ("0", "137")
    assert value(node, "memory", "memory.limit_in_bytes", "svc.web") == str(96 << 20)


def test_a_subset_has_a_limit_of_its_own_inside_the_service(node):
    text = "pg_cpus = 0-1\n[subset#app:small]\nparallel = true\npg_vmem_limit = 64m\npg_cpus = 1\n"
    text += "".join(app(number, f"/root/eat 150 eaten{number}", "subset = small") for number in (1, 2)) + app(3, "/root/eat 150 eaten3")
    service(node, text)

    assert [when(node, f"/root/eaten{number}") for number in (1, 2, 3)] == ["137", "137", "0"]
    assert value(node, "cpuset", "cpuset.cpus", "svc.web") == "0-1"
    assert value(node, "cpuset", "cpuset.cpus", "svc.web/subset.app:small/app.2") == "1"


def test_two_services_share_no_limit(node):
    service(node, "pg_vmem_limit = 64m\n" + app(1, "/root/eat 150 eaten1"))
    service(node, "pg_cpu_shares = 512\n" + app(1, "/root/eat 150 eaten2"), "shop")

    assert (when(node, "/root/eaten1"), when(node, "/root/eaten2")) == ("137", "0")
    assert value(node, "cpu", "cpu.shares", "svc.shop") == "512"
    assert "svc.shop" not in node("ls /sys/fs/cgroup/memory/opensvc").stdout


def test_a_later_start_changes_the_limits_of_what_runs(node):
    service(node, app(1, "/bin/sleep 1000"))
    pid = node("cat /sys/fs/cgroup/unified/opensvc/svc.web/app.1/cgroup.procs").stdout.split()
    node("om web set --kw app#1.pg_mem_limit=64m --kw app#1.pg_cpus=1 --kw pg_cpu_quota=150%@all")
    assert "is already started" in said(node("om web start --local"))

    assert value(node, "memory", "cgroup.procs").split() == pid
    assert value(node, "memory", "memory.limit_in_bytes") == str(64 << 20)
    assert value(node, "cpu", "cpu.cfs_quota_us", "svc.web") == str(150_000 * CORES)
    assert node(f"taskset -pc {pid[0]}").stdout.endswith(": 1\n")
    node("om web unset --kw app#1.pg_mem_limit --kw app#1.pg_cpus")
    node("om web start --local")
    assert int(value(node, "memory", "memory.limit_in_bytes")) > 1 << 60
    assert node(f"taskset -pc {pid[0]}").stdout.strip().endswith(": 0,1" if CORES == 2 else f": 0-{CORES - 1}")


def test_a_restart_limits_the_new_processes(node):
    service(node, "pg_cpu_quota = 50%\n" + app(1, "/bin/sleep 1000"))
    node("om web restart --local")

    assert value(node, "cpu", "cpu.cfs_quota_us", "svc.web") == "50000"
    assert len(value(node, "cpu", "cgroup.procs").split()) == 1


def test_a_start_that_is_taken_back_leaves_no_group(node):
    done = service(node, "pg_cpu_quota = 50%\n" + app(1, "/bin/sleep 1000") + app(2, "/bin/false", "pg_mem_limit = 64m"))

    assert done.code == 1
    assert node("sh -c 'ls -d /sys/fs/cgroup/*/opensvc'", code=None).stdout == ""


def test_a_task_runs_inside_the_limits(node):
    service(node, "[task#1]\ntype = host\ncommand = /root/eat 150 eaten1 0\npg_vmem_limit = 64m\n")
    node("om web run --local --rid task#1")

    assert when(node, "/root/eaten1") == "137"


def test_a_controller_that_is_missing_is_told_at_start_and_nowhere_else(node):
    node("umount /sys/fs/cgroup/memory")
    try:
        done = service(node, "pg_mem_limit = 64m\n" + app(1, "/bin/sleep 1000") + app(2, "/bin/sleep 1001", "pg_cpu_shares = 512"))
        assert done.code == 0
        assert said(done).count("has no effect") == 1
        assert "W DEFAULT.pg_mem_limit has no effect: this host has no controller memory" in said(done).splitlines()
        assert value(node, "cpu", "cpu.shares", "svc.web/app.2") == "512"
        assert "pg_mem_limit" not in said(node("om web print status"))
    finally:
        node("om web stop --local")
        node("mount -t cgroup -o memory cgroup /sys/fs/cgroup/memory")


def test_without_control_groups_there_are_no_limits_and_the_start_says_so(node):
    done = service(node, "create_pg = false\npg_cpu_shares = 512\n" + app(1, "/bin/sleep 1000"))

    assert (done.code, "DEFAULT.pg_cpu_shares has no effect: create_pg is false" in said(done)) == (0, True)
    assert node("sh -c 'ls -d /sys/fs/cgroup/*/opensvc'", code=None).stdout == ""
    assert node("om web print status").stdout.splitlines()[0].split()[1] == "up"


def test_a_limit_of_what_has_no_process_is_told(node):
    done = service(node, "[fs#1]\ntype = directory\npath = /srv/web\npg_mem_limit = 64m\n")

    assert (done.code, "fs#1.pg_mem_limit has no effect: it leaves no process behind" in said(done)) == (0, True)


def test_limits_that_contradict_each_other_are_told(node):
    done = service(node, app(1, "/bin/sleep 1000", "pg_mem_limit = 64m\npg_vmem_limit = 32m"))

    assert "app#1.pg_vmem_limit has no effect: pg_vmem_limit is memory and swap together" in said(done)
    assert value(node, "memory", "memory.limit_in_bytes") == str(64 << 20)


def test_a_plan_shows_the_limits_and_a_bad_one_is_a_finding(node):
    node.write("/etc/opensvc/web.conf", "[DEFAULT]\nnodes = n1\npg_cpu_quota = 50%@2\n" + app(1, "/bin/sleep 1000", "pg_mem_limit = 64m"))
    plan = node("om web start --local --plan").stdout.splitlines()
    assert plan[0] == "app#1: limits: DEFAULT pg_cpu_quota = 50%@2; app#1 pg_mem_limit = 64m"
    assert "app#1.pg_mem_limit" in said(node("om web set --kw app#1.pg_mem_limit=much", code=7))
    assert node("om web validate config").code == 0
