"""Limits: what the processes of a service, a subset or a resource may take of the host, by the keywords that say so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

# `pg_…` keywords and their values, as `config.limits.LimitKeywords` converts them; absent ones set no limit.
Limits = Mapping[str, Any]
# Microseconds: a quota is given for each period of this length, the kernel's default.
PERIOD: Final = 100_000
_QUOTA: Final = r"([0-9]+(?:\.[0-9]+)?)%(?:@([0-9]+|all))?|(-1|[0-9]+)"
# What the kernel takes as the least quota.
_LEAST: Final = 1000


class ProcessGroup(NamedTuple):
    """A control group and what limits it: `owner` is the section that says so (`DEFAULT`, `subset#app:web`, `app#1`).

    `path` is that below the agent's own groups; empty where the service has none (`create_pg = false`).
    """

    path: str
    owner: str
    limits: Limits


class Unmet(NamedTuple):
    """A limit that the host does not hold: whose, by which keyword, and why not."""

    owner: str
    keyword: str
    reason: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.keyword} has no effect: {self.reason}"


def processor_time(text: str, processors: int) -> int:
    """Microseconds of processor time in each period of 100 ms, for `50%` (of one processor), `50%@2`, `50%@all`, `20000`, or -1: no limit.

    Raises ValueError for another text, and for less than the kernel takes.
    """
    found = re.fullmatch(_QUOTA, text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r}: no quota; allowed: 50% of one processor, 50%@2 of two, 50%@all of all, microseconds in 100 ms, -1")
    percent, count, absolute = found.groups()
    wanted = int(absolute) if absolute else round(float(percent) * PERIOD / 100) * (processors if count == "all" else int(count or 1))
    if wanted != -1 and wanted < _LEAST:
        raise ValueError(f"{text!r}: too little; the kernel takes 1% of a processor (1000 microseconds) or more")
    return wanted


def memory_bytes(limits: Limits) -> tuple[int | None, int | None]:
    """Bytes of memory, and of memory with swap; -1: no limit, None: not given. Memory can't be more than memory with swap."""
    ram, both = limits.get("pg_mem_limit"), limits.get("pg_vmem_limit")
    return (both if ram is None and both is not None else ram), both


def doubt(limits: Limits) -> str:
    """What is contradictory in them, or an empty text."""
    ram, both = memory_bytes(limits)
    if ram is not None and both is not None and both >= 0 and not 0 <= ram <= both:
        return "pg_vmem_limit is memory and swap together, and can't be less than pg_mem_limit"
    return ""
