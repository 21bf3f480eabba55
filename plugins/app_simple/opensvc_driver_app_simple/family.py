"""Families: which of an application's processes are the ones that were started, and which are their children."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from opensvc_core.api import ProcessId


def leaders(processes: Sequence[ProcessId], kin: Callable[[int], tuple[int, int]]) -> list[ProcessId]:
    """Those that lead a session, as what the agent starts does, and are no other's child.

    `kin` tells the parent and the session of a process.
    """
    pids = {process.pid for process in processes}
    known = {process: kin(process.pid) for process in processes}
    return [process for process, (parent, session) in known.items() if session == process.pid and parent not in pids]


def kin_of(pid: int) -> tuple[int, int]:
    """The parent and the session of a process, see proc(5), stat; zeros where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[1]), os.getsid(pid)
    except OSError:
        return 0, 0
