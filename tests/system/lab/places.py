"""The folders that the nodes share with the host, read-only: this repository and the Python that runs it."""

from __future__ import annotations

import compileall
import functools
import sys
from pathlib import Path
from typing import Final

TOP: Final = Path(__file__).parents[3]
BIN: Final = Path(sys.executable).parent


def places() -> list[str]:
    """The repository, Python, and what is mounted below /usr, none of them inside another."""
    mounted = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    system = [point for point in mounted if Path(point).is_relative_to("/usr")]
    own = [place for place in (str(TOP), sys.prefix, sys.base_prefix) if not Path(place).is_relative_to("/usr")]
    found: list[str] = []
    for place in [*own, *system]:
        if not any(Path(place).is_relative_to(other) for other in found):
            found.append(place)
    return found


@functools.cache
def compile_sources() -> None:
    """Compile the agent's modules, once a process; the nodes can't write into the repository, and would do it at every command."""
    for name in ("opensvc_core", "plugins", "drivers_linux", "drivers_docker"):
        compileall.compile_dir(TOP / name, quiet=2)
