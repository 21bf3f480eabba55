"""Limits: the `pg_…` keywords of a container as options of `docker create`. Pure."""

from __future__ import annotations

from typing import Any, Final

from opensvc_core.api import Limits, memory_bytes, processor_time

_PERIOD: Final = 100_000
# Those that docker takes as they are.
_PLAIN: Final = {
    "pg_cpus": "--cpuset-cpus",
    "pg_mems": "--cpuset-mems",
    "pg_cpu_shares": "--cpu-shares",
    "pg_mem_swappiness": "--memory-swappiness",
    "pg_blkio_weight": "--blkio-weight",
}


def words(limits: Limits, processors: int) -> list[str]:
    """The options; `processors` is what `@all` stands for. Docker translates them for the version of control groups that it finds."""
    found: dict[str, Any] = {option: limits[keyword] for keyword, option in _PLAIN.items() if keyword in limits}
    most = processor_time(limits.get("pg_cpu_quota", "-1"), processors)
    if most > 0:
        found |= {"--cpu-period": _PERIOD, "--cpu-quota": most}
    ram, both = memory_bytes(limits)
    if ram is not None and ram > 0:
        found["--memory"] = ram
        # without it, docker grants as much swap as memory
        found["--memory-swap"] = -1 if both is None else both
    if limits.get("pg_mem_oom_control"):
        found["--oom-kill-disable"] = "true"
    return [f"{option}={value}" for option, value in found.items()]
