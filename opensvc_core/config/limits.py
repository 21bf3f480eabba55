"""The keywords of limits: what `[DEFAULT]`, subsets and resources may say of the processors and the memory of their processes."""

from __future__ import annotations

import re
from collections.abc import Callable

from opensvc_core.config.converters import integer, limit_size
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.model.limits import Limits, processor_time


def number_list(value: str) -> str:
    """Numbers and ranges of numbers, as the kernel lists processors: `0-2,4`."""
    compact = "".join(value.split())
    if not re.fullmatch(r"[0-9]{1,6}(-[0-9]{1,6})?(,[0-9]{1,6}(-[0-9]{1,6})?)*", compact):
        raise ValueError(f"{value!r}: no list of numbers; allowed: numbers and ranges such as 0-2,4")
    for first, last in re.findall(r"([0-9]+)-([0-9]+)", compact):
        if int(first) > int(last):
            raise ValueError(f"{value!r}: the range {first}-{last} goes backwards")
    return compact


def cpu_quota(value: str) -> str:
    """A share of the processors' time, see `model.limits.processor_time`."""
    processor_time(value, 1)
    return value.strip().lower()


def memory_size(value: str) -> int:
    """Bytes, as `limit_size`; -1: no limit."""
    found = limit_size(value)
    if found == 0 or found < -1:
        raise ValueError(f"{value!r}: no limit; allowed: a size such as 512m or 2g, or unlimited")
    return found


def _between(least: int, most: int) -> Callable[[str], int]:
    """A converter for whole numbers in a range."""

    def convert(value: str) -> int:
        found = integer(value)
        if not least <= found <= most:
            raise ValueError(f"{value!r}: out of range; allowed: {least} to {most}")
        return found

    return convert


class LimitKeywords(Declares):
    """Limits, which the kernel's control groups hold: `resource`'s within those of its subset, these within those of the service."""

    pg_cpus = Keyword(number_list, scopable=True, inherit="", text="The processors that its processes run on.", example="0-2,4")
    pg_mems = Keyword(number_list, scopable=True, inherit="", text="The memory nodes that its processes use.", example="0")
    pg_cpu_shares = Keyword(
        _between(2, 262_144), scopable=True, inherit="", text="Its weight where processors are short; others have 1024.", example="512"
    )
    pg_cpu_quota = Keyword(
        cpu_quota,
        scopable=True,
        inherit="",
        text="The most processor time: a part of one processor (`50%`), of several (`50%@2`), of all (`50%@all`), or microseconds in"
        " each 100 ms; `-1`: no limit.",
        example="50%@all",
    )
    pg_mem_oom_control = Keyword(
        _between(0, 1),
        scopable=True,
        inherit="",
        text="`1`: processes that want more memory than they may have wait, `0`: one of them is killed. Version 1 of control groups only.",
        example="0",
    )
    pg_mem_limit = Keyword(memory_size, scopable=True, inherit="", text="The most memory that its processes have together.", example="512m")
    pg_vmem_limit = Keyword(memory_size, scopable=True, inherit="", text="The most memory and swap, counted together.", example="1g")
    pg_mem_swappiness = Keyword(
        _between(0, 100),
        scopable=True,
        inherit="",
        text="How readily its memory is swapped out. Version 1 of control groups only.",
        example="10",
    )
    pg_blkio_weight = Keyword(
        _between(10, 1000), scopable=True, inherit="", text="Its weight where disks are short; others have 500.", example="100"
    )

    def limits(self) -> Limits:
        """Those that are given, by keyword."""
        return {name: self.values[name] for name in LimitKeywords.keywords() if self.values.get(name) is not None}
