"""How the cost follows the number of services: loaded and evaluated in one process, and shown by a command."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Final

from opensvc_core import Node
from tests.bench.measure import BIN, above_bare, tell, timed

NUMBERS: Final = (10, 100, 1000)
LIMIT: Final = 2000.0


def measure(folder: Path) -> None:
    """Services of 7 resources with references, by ten, a hundred and a thousand."""
    for number in range(NUMBERS[-1]):
        make_small(folder / "etc", f"s{number:04}")
    node = Node(folder, nodename="n1")

    def load(count: int) -> Callable[[], object]:
        return lambda: [service.instance() for service in node.services()[:count]]

    for count in NUMBERS:
        taken = timed(load(count), runs=3)
        each = f"{statistics.median(taken) * 1e3 / count:.2f} ms each"
        limit = LIMIT if count == NUMBERS[-1] else None
        tell(f"{count} services of 7 resources loaded and evaluated", taken, "ms", beside=each, limit=limit)
    listed(folder)


def listed(folder: Path) -> None:
    """`om 'PATTERN' ls` and `svcmon` as whole processes."""
    environment = {**os.environ, "OSVC_ROOT_PATH": str(folder), "OSVC_NODENAME": "n1"}
    for count, pattern in zip(NUMBERS, ("s000*", "s00*", "*"), strict=True):
        above_bare(f"om '{pattern}' ls, {count} of {NUMBERS[-1]} services", environment, (str(BIN / "om"), pattern, "ls"), None, runs=5)
        above_bare(
            f"om '{pattern}' print status of {count} services", environment, (str(BIN / "om"), pattern, "print", "status"), None, runs=3
        )


def make_small(etc: Path, name: str) -> None:
    """A service of 7 resources with references."""
    etc.mkdir(parents=True, exist_ok=True)
    lines = ["[DEFAULT]", "app = bench", "nodes = n1 n2", "[env]", "base = /srv"]
    for number in range(5):
        lines += [f"[fs#{number}]", "type = directory", f"path = {{env.base}}/{{name}}/{number}", "tags = a b"]
    for number in range(2):
        lines += [f"[app#{number}]", "type = forking", f"start = {{fs#{number}.path}}/run start", "check = true", "timeout = 1m30s"]
    (etc / f"{name}.conf").write_text("\n".join(lines) + "\n")
