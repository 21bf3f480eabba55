"""The room is pure: it has no clock, no socket, no file, no thread."""

import ast
from pathlib import Path

from opensvc_daemon import lease

ROOM = Path(lease.__file__).parent
ALLOWED = {"__future__", "collections", "enum", "hashlib", "itertools", "math", "sys", "typing"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_it_imports_itself_and_what_has_no_effects():
    found = {name for path in ROOM.glob("*.py") for name in imports(path) if not name.startswith("opensvc_daemon.lease.")}
    assert {name.split(".")[0] for name in found} <= ALLOWED
