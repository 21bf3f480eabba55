"""Connections: one to each target, kept by ssh while an action copies, so that its commands need not make one each."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from opensvc_core.model.remote import RemoteShell
from opensvc_core.system.paths import make_private

# Seconds until those that are not made are not waited for any more: then each command makes its own, and tells why it can't.
_PATIENCE: Final = 3.0
_LOOK: Final = 0.01
# Seconds between SIGTERM and SIGKILL: a connection to a node that hangs has nothing to finish.
_GRACE: Final = 2.0


@contextmanager
def connected(shell: RemoteShell, nodes: Sequence[str], cancel: threading.Event) -> Iterator[None]:
    """Keep a connection to each of the nodes, where the shell has a folder for that. It ends with the block, whatever happens in it.

    Raises ActionRefused where the folder may be another user's.
    """
    if not shell.folder or not nodes:
        yield
        return
    folder = Path(shell.folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    make_private(folder)
    _clear(folder)  # what a killed action has left
    masters: dict[str, subprocess.Popen[bytes]] = {}
    try:
        with suppress(OSError):  # no ssh: the commands tell
            for node in nodes:
                masters[node] = _begun(shell, node)
            _wait(folder, masters, cancel)
        yield
    finally:
        _end(list(masters.values()))
        with suppress(OSError):
            _clear(folder)
            folder.rmdir()


def _begun(shell: RemoteShell, node: str) -> subprocess.Popen[bytes]:
    """Begin with a connection. It ends with us, also where we are killed: then `cat` has nothing more to read, and that was its session."""
    return subprocess.Popen(
        shell.keeping(node),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(folder: Path, masters: dict[str, subprocess.Popen[bytes]], cancel: threading.Event) -> None:
    """Wait until each is made, or has failed."""
    end = time.monotonic() + _PATIENCE
    while any(one.poll() is None and not (folder / node).exists() for node, one in masters.items()):
        if time.monotonic() > end or cancel.wait(_LOOK):
            return


def _end(masters: Sequence[subprocess.Popen[bytes]]) -> None:
    """End all of them: no command uses one any more."""
    for one in masters:
        one.terminate()
    end = time.monotonic() + _GRACE
    for one in masters:
        try:
            one.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()
        if one.stdin:
            one.stdin.close()


def _clear(folder: Path) -> None:
    """Remove the sockets of connections that were killed; others are gone with theirs."""
    for left in folder.iterdir():
        left.unlink()
