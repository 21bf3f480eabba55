"""Controllers: which file of which controller holds a limit, and in which words, in both versions of control groups.

From the kernel's Documentation/admin-guide/cgroup-v1 and cgroup-v2. Pure: the number of processors is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from opensvc_core.model.limits import PERIOD, Limits, memory_bytes, processor_time


class Entry(NamedTuple):
    """A limit as the kernel takes it: `controller` has one of the `choices`, files and what is written to them, the best first.

    Without a choice there is nothing to write; `reason` then says why the kernel can't do what is asked for.
    """

    keyword: str
    controller: str
    choices: tuple[tuple[str, str], ...]
    reason: str = ""


# The values without a limit, for groups that have had one. A cpuset of version 1 takes its parent's.
NEUTRAL_1: Final = {
    "pg_cpu_shares": Entry("pg_cpu_shares", "cpu", (("cpu.shares", "1024"),)),
    "pg_cpu_quota": Entry("pg_cpu_quota", "cpu", (("cpu.cfs_quota_us", "-1"),)),
    "pg_mem_oom_control": Entry("pg_mem_oom_control", "memory", (("memory.oom_control", "0"),)),
    "pg_mem_limit": Entry("pg_mem_limit", "memory", (("memory.limit_in_bytes", "-1"),)),
    "pg_vmem_limit": Entry("pg_vmem_limit", "memory", (("memory.memsw.limit_in_bytes", "-1"),)),
    "pg_blkio_weight": Entry("pg_blkio_weight", "blkio", (("blkio.weight", "500"), ("blkio.bfq.weight", "100"))),
}
NEUTRAL_2: Final = {
    "pg_cpus": Entry("pg_cpus", "cpuset", (("cpuset.cpus", ""),)),
    "pg_mems": Entry("pg_mems", "cpuset", (("cpuset.mems", ""),)),
    "pg_cpu_shares": Entry("pg_cpu_shares", "cpu", (("cpu.weight", "100"),)),
    "pg_cpu_quota": Entry("pg_cpu_quota", "cpu", (("cpu.max", f"max {PERIOD}"),)),
    "pg_mem_limit": Entry("pg_mem_limit", "memory", (("memory.max", "max"),)),
    "pg_vmem_limit": Entry("pg_vmem_limit", "memory", (("memory.swap.max", "max"),)),
    "pg_blkio_weight": Entry("pg_blkio_weight", "io", (("io.weight", "default 100"), ("io.bfq.weight", "default 100"))),
}


def entries(limits: Limits, version: int, processors: int) -> list[Entry]:
    """What is to be written for some limits, in a version of control groups."""
    return list((_version_1 if version == 1 else _version_2)(limits, processors))


def neutral(limits: Limits, version: int) -> list[Entry]:
    """What takes back the limits that are not given."""
    table = NEUTRAL_1 if version == 1 else NEUTRAL_2
    given = {entry.keyword for entry in entries(limits, version, 1)}
    # memory with swap first: it is never less than memory
    return [entry for keyword, entry in sorted(table.items(), reverse=True) if keyword not in given and not _is_implied(keyword, limits)]


def _is_implied(keyword: str, limits: Limits) -> bool:
    return keyword == "pg_mem_limit" and "pg_vmem_limit" in limits


def _version_1(limits: Limits, processors: int) -> Iterator[Entry]:
    ram, both = memory_bytes(limits)
    plain = {
        "pg_cpus": ("cpuset", "cpuset.cpus"),
        "pg_mems": ("cpuset", "cpuset.mems"),
        "pg_cpu_shares": ("cpu", "cpu.shares"),
        "pg_mem_oom_control": ("memory", "memory.oom_control"),
        "pg_mem_swappiness": ("memory", "memory.swappiness"),
    }
    for keyword, (controller, file) in plain.items():
        if keyword in limits:
            yield Entry(keyword, controller, ((file, str(limits[keyword])),))
    if "pg_cpu_quota" in limits:
        yield Entry("pg_cpu_quota", "cpu", (("cpu.cfs_quota_us", str(processor_time(limits["pg_cpu_quota"], processors))),))
    if ram is not None:
        yield Entry("pg_mem_limit" if "pg_mem_limit" in limits else "pg_vmem_limit", "memory", (("memory.limit_in_bytes", str(ram)),))
    if both is not None:
        yield Entry("pg_vmem_limit", "memory", (("memory.memsw.limit_in_bytes", str(both)),))
    if (weight := limits.get("pg_blkio_weight")) is not None:
        # of the scheduler bfq, whose middle is 100 where it is 500 for cfq
        yield Entry("pg_blkio_weight", "blkio", (("blkio.weight", str(weight)), ("blkio.bfq.weight", str(_bfq(weight)))))


def _version_2(limits: Limits, processors: int) -> Iterator[Entry]:
    ram, both = memory_bytes(limits)
    if "pg_cpus" in limits:
        yield Entry("pg_cpus", "cpuset", (("cpuset.cpus", limits["pg_cpus"]),))
    if "pg_mems" in limits:
        yield Entry("pg_mems", "cpuset", (("cpuset.mems", limits["pg_mems"]),))
    if (shares := limits.get("pg_cpu_shares")) is not None:
        yield Entry("pg_cpu_shares", "cpu", (("cpu.weight", str(_weight(shares))),))
    if "pg_cpu_quota" in limits:
        most = processor_time(limits["pg_cpu_quota"], processors)
        yield Entry("pg_cpu_quota", "cpu", (("cpu.max", f"{'max' if most < 0 else most} {PERIOD}"),))
    if ram is not None:
        yield Entry("pg_mem_limit" if "pg_mem_limit" in limits else "pg_vmem_limit", "memory", (("memory.max", _most(ram)),))
    if both is not None:
        swap = -1 if both < 0 or ram is None or ram < 0 else max(both - ram, 0)
        yield Entry("pg_vmem_limit", "memory", (("memory.swap.max", _most(swap)),))
    if "pg_mem_oom_control" in limits:
        reason = "version 2 of control groups always lets the kernel kill" if limits["pg_mem_oom_control"] else ""
        yield Entry("pg_mem_oom_control", "memory", (), reason)
    if "pg_mem_swappiness" in limits:
        yield Entry("pg_mem_swappiness", "memory", (), "version 2 of control groups has no such setting")
    if (weight := limits.get("pg_blkio_weight")) is not None:
        yield Entry("pg_blkio_weight", "io", (("io.weight", f"default {_io(weight)}"), ("io.bfq.weight", f"default {_bfq(weight)}")))


def _most(number: int) -> str:
    return "max" if number < 0 else str(number)


def _weight(shares: int) -> int:
    """In proportion: 1024 are 100."""
    return _clamp(shares * 100 / 1024, 10_000)


def _io(weight: int) -> int:
    """In proportion: 500 are 100."""
    return _clamp(weight / 5, 10_000)


def _bfq(weight: int) -> int:
    return _clamp(weight / 5, 1000)


def _clamp(number: float, most: int) -> int:
    return min(max(1, round(number)), most)
