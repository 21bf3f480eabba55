"""The host: how busy it is, and how much of its memory is used, from proc(5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from opensvc_core.api import OpensvcError

# A node that uses more of its memory, or swap, than this in percent takes no more services.
MEMORY_LIMIT: Final = 98
SWAP_LIMIT: Final = 90
Json = dict[str, Any]


class Host(NamedTuple):
    """`load` is the average of 15 minutes; memory and swap are in bytes."""

    load: float
    memory: int
    memory_used: int
    swap: int
    swap_used: int

    @property
    def score(self) -> int:
        """How much room for services it has, from 0 on: free memory and swap in percent, and idle processors, the same weight each."""
        return round(
            (100 - self._percent(self.memory_used, self.memory)) * 0.4
            + (100 - self._percent(self.swap_used, self.swap)) * 0.2
            + 40 / max(self.load, 1.0)
        )

    @property
    def is_overloaded(self) -> bool:
        """It has no room left."""
        return self._percent(self.memory_used, self.memory) > MEMORY_LIMIT or self._percent(self.swap_used, self.swap) > SWAP_LIMIT

    def as_data(self) -> Json:
        """For the node's tree."""
        return {
            "mem": {"used_percent": self._percent(self.memory_used, self.memory), "limit_percent": MEMORY_LIMIT, "total": self.memory},
            "swap": {"used_percent": self._percent(self.swap_used, self.swap), "limit_percent": SWAP_LIMIT, "total": self.swap},
        }

    @staticmethod
    def _percent(used: int, total: int) -> int:
        return round(100 * used / total) if total else 0


def parse(load: str, memory: str) -> Host:
    """The host, from the texts of /proc/loadavg and /proc/meminfo."""
    sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in memory.splitlines()) if rest.split()}
    total, swap = sizes.get("MemTotal", 0), sizes.get("SwapTotal", 0)
    free = sizes.get("MemAvailable", sizes.get("MemFree", total))
    return Host(round(float((load.split() or ["0", "0", "0"])[2]), 1), total, total - free, swap, swap - sizes.get("SwapFree", swap))


def see(proc: Path = Path("/proc")) -> Host:
    """This host now. Raises OpensvcError."""
    try:
        return parse((proc / "loadavg").read_text(), (proc / "meminfo").read_text())
    except (OSError, ValueError, IndexError) as error:
        raise OpensvcError(f"{proc}: {error}") from error


def boot_id() -> str:
    """A text that changes with each boot; empty where the kernel tells none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
