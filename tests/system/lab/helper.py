"""Small Python programs that the lab starts beside itself, because a namespace is entered by a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

# without site-packages, and without this package's __init__: 15 ms instead of 60
_START = """
import sys, types
lab = sys.modules["lab"] = types.ModuleType("lab")
lab.__path__ = [sys.argv[1]]
import lab.{0} as it
it.main()
"""


def program(module: str, *arguments: str) -> list[str]:
    """The command line that runs `main` of a module of this package; its arguments begin at sys.argv[2]."""
    return [sys.executable, "-I", "-S", "-c", _START.format(module), str(Path(__file__).parent), *arguments]
