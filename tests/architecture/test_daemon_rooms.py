"""The daemon's rooms: what decides is pure, and knows nothing of what carries it out or tries it."""

import ast
from pathlib import Path

import opensvc_daemon
import pytest

TOP = Path(opensvc_daemon.__file__).parent
# What a room may import besides itself.
BELOW = {
    "orchestration": set(),
    "heartbeat": set(),
    "lease": set(),
    "exploration": {"orchestration"},
    "configured": {"orchestration"},
    "simulation": {"orchestration", "heartbeat", "lease", "configured"},
    "monitor": {
        *("orchestration", "heartbeat", "configured", "guards", "beat", "listener", "trust", "channel", "clock", "recording", "started"),
    },
    "guards": {"clock", "heartbeat", "lease"},
    "beat": {"heartbeat", "lease", "guards", "channel", "clock", "started"},
    "runner": {"guards", "channel", "clock", "started"},
    "trust": {"client", "guards", "heartbeat"},
    "listener": {"client", "clock", "heartbeat", "trust"},
    "supervision": set(),
    "rendering": set(),
    "commands": {"client", "guards", "orchestration", "recording", "rendering", "supervision", "trust"},
}
# A pure room imports itself and what has no effect; what makes a room a program stands in `__main__`.
PURE = {
    "orchestration": {"collections", "enum", "functools", "hashlib", "json", "operator", "re", "typing", "zlib", "opensvc_core"},
    "heartbeat": {
        "bisect",
        "collections",
        "dataclasses",
        "enum",
        "hashlib",
        "hmac",
        "json",
        "math",
        "re",
        "struct",
        "sys",
        "typing",
        "zlib",
        "cryptography",
    },
    "lease": {"collections", "enum", "hashlib", "itertools", "math", "sys", "typing"},
}


def imports(room):
    for path in sorted((TOP / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                yield node.module


def test_every_room_has_its_rule():
    assert {path.parent.name for path in TOP.glob("*/__init__.py")} == set(BELOW)


@pytest.mark.parametrize("room", BELOW)
def test_imports_point_down(room):
    used = {name.split(".")[1] for name in imports(room) if name.startswith("opensvc_daemon.")}
    assert used - {room} <= BELOW[room]


@pytest.mark.parametrize("room", PURE)
def test_what_decides_is_pure(room):
    used = {name.split(".")[0] for name in imports(room)} - {"__future__", "opensvc_daemon"}
    assert used <= PURE[room]


@pytest.mark.parametrize("room", BELOW)
def test_of_the_core_only_the_door_is_used(room):
    doors = {"opensvc_core.api", "opensvc_core.errors", "opensvc_core.system.logfile"}
    assert {name for name in imports(room) if name.startswith("opensvc_core")} <= doors
