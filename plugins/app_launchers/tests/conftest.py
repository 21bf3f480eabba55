"""The bench of the application drivers, for the tests of this one."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

_shared = run_path(str(Path(__file__).parents[2] / "applications" / "tests" / "bench_applications.py"))
bench, is_root = _shared["bench"], _shared["is_root"]
