"""Tells a page whose `console` blocks are for a shell on this host, in a folder and at a port of its own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import page
from caretaker import survived_by

from opensvc_core import Node
from opensvc_core.testing.ports import free_port

# What pages write for a folder and a port.
FOLDER, PORT = "/tmp/osvc", "8080"
PATIENCE = 300.0
_SHOWN = re.compile(r"^\$ .*\n(?:>(?: .*)?\n)*", re.MULTILINE)
_PROMPT = re.compile(r"^(?:\$ |> ?)", re.MULTILINE)
_CHECK = "[ $? -eq 0 ] || { echo 'demo: that should have ended with exit code 0'; exit 1; }"


def tell(name: str) -> bool:
    """One shell goes through a page; what it has begun, and its folder, go with it. False where it goes otherwise than the page says."""
    folder = tempfile.mkdtemp(prefix="opensvc-demo.")
    script = "\n".join(_script(name)).replace(FOLDER, folder).replace(PORT, str(free_port()))
    clean = partial(_clean, Path(folder))
    with survived_by(clean):
        try:
            return (
                subprocess.run(["bash", "-c", script], check=False, env={**os.environ, "TMPDIR": folder}, timeout=PATIENCE).returncode == 0
            )
        except subprocess.TimeoutExpired:
            print(f"demo: the last command that is shown has not ended: {PATIENCE:g} s are enough for the whole page", file=sys.stderr)
            return False
        finally:
            clean()


def _script(name: str) -> Iterator[str]:
    yield "exec 2>&1"
    for part in page.parts(name):
        if part.kind in ("title", "prose"):
            yield _print(page.title(part.text) if part.kind == "title" else page.prose(part.text))
        elif part.kind == "console":
            for shown in _SHOWN.findall(part.text):
                yield from (_print(f"\n{shown}"), _PROMPT.sub("", shown), _CHECK)


def _print(text: str) -> str:
    return f"printf %s {shlex.quote(text)}"


def _clean(folder: Path) -> None:
    """End what was begun for a folder, also what that begins meanwhile; then remove it."""
    while any([_end(int(place.name), place, folder) for place in Path("/proc").glob("[0-9]*")]):
        pass
    for root in (folder, *folder.glob("*/")):
        node = Node(root, nodename="n1")
        if node.host.groups:
            node.host.groups.remove(node.cgroup)
    shutil.rmtree(folder, ignore_errors=True)


def _end(pid: int, place: Path, folder: Path) -> bool:
    """End a process that knows the folder; whether it did."""
    with suppress(OSError):
        known = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
        if str(folder).encode() in known and pid != os.getpid():
            os.kill(pid, signal.SIGKILL)
            return True
    return False
