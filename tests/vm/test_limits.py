"""Limits on a host that has control groups of version 2 alone."""

import sys

import pytest
from prompt import Prompt

# Takes N MiB of memory, writes what became of it, and stays.
EATER = """#!/bin/sh
/usr/bin/python3 -S -c "b = bytearray($1 << 20)"
echo $? >/root/$2
exec sleep 1000
"""
SERVICE = """[DEFAULT]
nodes = v1 v2
pg_vmem_limit = 96m
pg_mem_swappiness = 10

[subset#app:one]
pg_cpu_quota = 50%@2

[app#1]
type = simple
start = /root/eat 150 eaten
pg_cpu_shares = 512

[app#2]
type = simple
subset = one
start = /bin/sleep 1001
pg_mem_limit = 64m
"""


@pytest.fixture
def v1(alone):
    node = alone
    node.write("/etc/opensvc/web.conf", SERVICE)
    node.write("/root/eat", EATER)
    node("chmod 755 /root/eat")
    return node


def test_version_2_of_control_groups_holds_the_limits(v1):
    om = Prompt(v1, sys.executable, ("opensvc_driver_app_simple.driver",))
    done = om("om web start --local")

    text = done.stdout + done.stderr
    assert text.count("has no effect") == 1
    assert "W DEFAULT.pg_mem_swappiness has no effect: version 2 of control groups has no such setting" in text.splitlines()
    files = {
        "memory.max": str(96 << 20),
        "memory.swap.max": "0",
        "app.1/cpu.weight": "50",
        "subset.app:one/cpu.max": "100000 100000",
        "subset.app:one/app.2/memory.max": str(64 << 20),
    }
    found = {file: v1(f"cat /sys/fs/cgroup/opensvc/svc.web/{file}").stdout.strip() for file in files}
    assert found == files
    assert v1("sh -c 'until test -s /root/eaten; do sleep 0.1; done; cat /root/eaten'").stdout.strip() == "137"
    om("om web stop --local")
    assert v1("sh -c 'ls -d /sys/fs/cgroup/opensvc'", code=None).stdout == ""
