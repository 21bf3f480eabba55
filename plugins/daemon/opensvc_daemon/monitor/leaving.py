"""Leaving: the node ends itself at once, without asking anything of what runs on it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from opensvc_core.api import ActionFailed

# The process namespace that the machine itself has (Linux, include/linux/proc_ns.h).
_OF_THE_MACHINE = 0xEFFFFFFC
_SYSRQ = Path("/proc/sysrq-trigger")
# sysrq.rst of the kernel: crash by a fault, reboot without syncing.
_LETTERS = {"crash": "c", "reboot": "b"}
_LIMIT = 5.0


def leave(action: str, *, is_whole_machine: bool) -> None:
    """`crash` or `reboot` this node. A node that is a container ends all that runs in it.

    Parameters:
        is_whole_machine: false for a node that lives below a folder: it is nobody's to end.

    Raises ActionFailed where it could not be done.
    """
    if not is_whole_machine:
        raise ActionFailed(f"{action}: this node lives below a folder: the machine is not its own to end")
    if Path("/proc/self/ns/pid").stat().st_ino != _OF_THE_MACHINE:
        os.kill(-1, signal.SIGKILL)
        # kill(2): who calls it is spared
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        _SYSRQ.write_text(_LETTERS[action], encoding="ascii")
    except OSError as error:
        _force(action, error)


def _force(action: str, error: OSError) -> None:
    try:
        subprocess.run(["reboot", "--force", "--force"], check=True, capture_output=True, timeout=_LIMIT)
    except (OSError, subprocess.SubprocessError) as second:
        raise ActionFailed(f"{action}: {_SYSRQ}: {error.strerror}; reboot --force: {second}") from second
