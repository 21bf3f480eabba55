"""The room is light until something is sealed."""

import subprocess
import sys
from pathlib import Path

from opensvc_daemon import heartbeat

ROOM = Path(heartbeat.__file__).parent


def test_cryptography_is_loaded_by_the_first_seal():
    modules = ["opensvc_daemon.heartbeat." + path.stem for path in ROOM.glob("*.py") if path.stem != "__init__"]
    code = f"""
import importlib, sys
sys.path[:0] = {[str(ROOM.parents[1])]!r}
for name in {modules!r}:
    importlib.import_module(name)
assert "cryptography" not in sys.modules
from opensvc_daemon.heartbeat.keyring import Secret
from opensvc_daemon.heartbeat.sealing import Sealer
Sealer("c1", "n1", 1).seal(Secret(b"0123456789abcdef"), 1, b"")
assert "cryptography" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
