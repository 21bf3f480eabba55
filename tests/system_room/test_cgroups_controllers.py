"""Limits in the words of the kernel: every row, in both versions of control groups."""

import pytest

from opensvc_core.config.limits import LimitKeywords
from opensvc_core.model.limits import doubt, processor_time
from opensvc_core.system.controllers import NEUTRAL_1, NEUTRAL_2, entries, neutral

CORES = 4
MIB = 1 << 20


def written(limits, version):
    return {(entry.controller, *choice) for entry in entries(limits, version, CORES) for choice in entry.choices[:1]}


@pytest.mark.parametrize(
    ("limits", "first", "second"),
    [
        ({"pg_cpus": "0-2,4"}, {("cpuset", "cpuset.cpus", "0-2,4")}, {("cpuset", "cpuset.cpus", "0-2,4")}),
        ({"pg_mems": "0"}, {("cpuset", "cpuset.mems", "0")}, {("cpuset", "cpuset.mems", "0")}),
        ({"pg_cpu_shares": 1024}, {("cpu", "cpu.shares", "1024")}, {("cpu", "cpu.weight", "100")}),
        ({"pg_cpu_shares": 2}, {("cpu", "cpu.shares", "2")}, {("cpu", "cpu.weight", "1")}),
        ({"pg_cpu_shares": 262144}, {("cpu", "cpu.shares", "262144")}, {("cpu", "cpu.weight", "10000")}),
        ({"pg_cpu_quota": "50%"}, {("cpu", "cpu.cfs_quota_us", "50000")}, {("cpu", "cpu.max", "50000 100000")}),
        ({"pg_cpu_quota": "50%@2"}, {("cpu", "cpu.cfs_quota_us", "100000")}, {("cpu", "cpu.max", "100000 100000")}),
        ({"pg_cpu_quota": "50%@all"}, {("cpu", "cpu.cfs_quota_us", "200000")}, {("cpu", "cpu.max", "200000 100000")}),
        ({"pg_cpu_quota": "20000"}, {("cpu", "cpu.cfs_quota_us", "20000")}, {("cpu", "cpu.max", "20000 100000")}),
        ({"pg_cpu_quota": "-1"}, {("cpu", "cpu.cfs_quota_us", "-1")}, {("cpu", "cpu.max", "max 100000")}),
        ({"pg_mem_oom_control": 1}, {("memory", "memory.oom_control", "1")}, set()),
        ({"pg_mem_oom_control": 0}, {("memory", "memory.oom_control", "0")}, set()),
        ({"pg_mem_limit": 64 * MIB}, {("memory", "memory.limit_in_bytes", "67108864")}, {("memory", "memory.max", "67108864")}),
        ({"pg_mem_limit": -1}, {("memory", "memory.limit_in_bytes", "-1")}, {("memory", "memory.max", "max")}),
        (
            {"pg_mem_limit": 64 * MIB, "pg_vmem_limit": 96 * MIB},
            {("memory", "memory.limit_in_bytes", "67108864"), ("memory", "memory.memsw.limit_in_bytes", "100663296")},
            {("memory", "memory.max", "67108864"), ("memory", "memory.swap.max", "33554432")},
        ),
        (
            {"pg_vmem_limit": 64 * MIB},
            {("memory", "memory.limit_in_bytes", "67108864"), ("memory", "memory.memsw.limit_in_bytes", "67108864")},
            {("memory", "memory.max", "67108864"), ("memory", "memory.swap.max", "0")},
        ),
        (
            {"pg_vmem_limit": -1},
            {("memory", "memory.limit_in_bytes", "-1"), ("memory", "memory.memsw.limit_in_bytes", "-1")},
            {("memory", "memory.max", "max"), ("memory", "memory.swap.max", "max")},
        ),
        ({"pg_mem_swappiness": 10}, {("memory", "memory.swappiness", "10")}, set()),
        ({"pg_blkio_weight": 500}, {("blkio", "blkio.weight", "500")}, {("io", "io.weight", "default 100")}),
        ({"pg_blkio_weight": 10}, {("blkio", "blkio.weight", "10")}, {("io", "io.weight", "default 2")}),
        ({}, set(), set()),
    ],
    ids=lambda value: str(value if isinstance(value, dict) else sorted(value)),
)
def test_a_limit_is_written_as_the_version_takes_it(limits, first, second):
    assert (written(limits, 1), written(limits, 2)) == (first, second)


def test_where_the_scheduler_bfq_is_the_only_one_its_weight_is_written():
    assert entries({"pg_blkio_weight": 200}, 1, 1)[0].choices[1] == ("blkio.bfq.weight", "40")
    assert entries({"pg_blkio_weight": 200}, 2, 1)[0].choices[1] == ("io.bfq.weight", "default 40")


@pytest.mark.parametrize("limits", [{"pg_mem_oom_control": 1}, {"pg_mem_swappiness": 10}], ids=str)
def test_what_version_2_does_not_have_is_told(limits):
    (entry,) = entries(limits, 2, 1)
    assert (entry.choices, entry.reason.partition(" ")[0]) == ((), "version")


def test_to_let_the_kernel_kill_is_what_version_2_does():
    assert [entry.reason for entry in entries({"pg_mem_oom_control": 0}, 2, 1)] == [""]


@pytest.mark.parametrize(("version", "table"), [(1, NEUTRAL_1), (2, NEUTRAL_2)])
def test_what_is_not_given_is_taken_back_and_nothing_else(version, table):
    taken = {entry.keyword for entry in neutral({"pg_cpu_quota": "50%", "pg_vmem_limit": MIB}, version)}
    assert taken == table.keys() - {"pg_cpu_quota", "pg_vmem_limit", "pg_mem_limit"}
    assert {entry.keyword for entry in neutral({}, version)} == table.keys()


def test_memory_with_swap_is_freed_before_memory():
    words = [entry.keyword for entry in neutral({}, 1)]
    assert words.index("pg_vmem_limit") < words.index("pg_mem_limit")


@pytest.mark.parametrize("text", ["50", "0%", "half", "50%@", "50%@none", "-2", "", "50 %", "999"])
def test_what_is_no_quota_is_refused(text):
    with pytest.raises(ValueError, match=r"no quota|too little"):
        processor_time(text, 2)


@pytest.mark.parametrize(
    ("limits", "is_doubtful"),
    [
        ({"pg_mem_limit": 2, "pg_vmem_limit": 1}, True),
        ({"pg_mem_limit": -1, "pg_vmem_limit": 1}, True),
        ({"pg_mem_limit": 1, "pg_vmem_limit": 1}, False),
        ({"pg_mem_limit": 2, "pg_vmem_limit": -1}, False),
        ({"pg_vmem_limit": 1}, False),
        ({}, False),
    ],
    ids=str,
)
def test_less_memory_with_swap_than_memory_is_doubtful(limits, is_doubtful):
    assert bool(doubt(limits)) == is_doubtful


@pytest.mark.parametrize(
    ("keyword", "text", "value"),
    [
        ("pg_cpus", "0-2, 4", "0-2,4"),
        ("pg_mems", "0", "0"),
        ("pg_cpu_shares", "512", 512),
        ("pg_cpu_quota", "50%@ALL", "50%@all"),
        ("pg_mem_oom_control", "1", 1),
        ("pg_mem_limit", "512m", 512 * MIB),
        ("pg_mem_limit", "unlimited", -1),
        ("pg_vmem_limit", "1g", 1024 * MIB),
        ("pg_mem_swappiness", "100", 100),
        ("pg_blkio_weight", "1000", 1000),
    ],
)
def test_a_value_is_read(keyword, text, value):
    assert LimitKeywords.keywords()[keyword].convert(text) == value


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("pg_cpus", "two"),
        ("pg_cpus", "3-1"),
        ("pg_cpus", ""),
        ("pg_mems", "0,"),
        ("pg_cpu_shares", "1"),
        ("pg_cpu_shares", "262145"),
        ("pg_cpu_quota", "0.5%"),
        ("pg_mem_oom_control", "2"),
        ("pg_mem_limit", "0"),
        ("pg_mem_limit", "-2"),
        ("pg_mem_limit", "50%"),
        ("pg_vmem_limit", "much"),
        ("pg_mem_swappiness", "101"),
        ("pg_blkio_weight", "9"),
    ],
)
def test_a_value_out_of_reason_is_refused(keyword, text):
    with pytest.raises(ValueError, match=r"allowed|goes backwards|too little"):
        LimitKeywords.keywords()[keyword].convert(text)
