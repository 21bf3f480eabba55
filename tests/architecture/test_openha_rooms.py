"""The manager of OpenHA: what decides, and what reads bytes and lines, touches nothing outside."""

import ast
from pathlib import Path

import opensvc_openha
import pytest

TOP = Path(opensvc_openha.__file__).parent
PURE = ("states", "layouts", "trailer", "links", "monitor", "services", "options", "liveness", "viewing", "machine", "actions", "accepting")
# What is pure of the standard library, and the errors of the core.
HARMLESS = {
    *("__future__", "collections", "dataclasses", "enum", "hashlib", "hmac", "ipaddress", "itertools", "shlex", "struct", "typing"),
    "opensvc_core.errors",
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("room", PURE)
def test_what_decides_is_pure(room):
    own = {f"opensvc_openha.{name}" for name in PURE}
    used = set(imports(TOP / f"{room}.py"))
    assert {name for name in used - own if name not in HARMLESS and name.split(".")[0] not in HARMLESS} == set()


def test_the_simulation_runs_what_decides_without_the_world():
    used = {name for room in ("simulation", "stories") for name in imports(TOP / f"{room}.py") if name.startswith("opensvc_openha.")}
    assert used <= {f"opensvc_openha.{name}" for name in (*PURE, "simulation")}


def test_the_manager_uses_nothing_of_the_core_but_its_errors_and_log_files():
    """Its programs start in a tenth of a second each, and there are many."""
    used = {name for path in TOP.glob("*.py") for name in imports(path) if name.startswith("opensvc_core")}
    assert used == {"opensvc_core.errors", "opensvc_core.system.logfile"}
