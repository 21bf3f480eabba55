"""Leftovers: what still runs of an application when its commands have ended, or their agent has."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from opensvc_applications.process import Launcher
from opensvc_core.api import ActionFailed, ProcessId

# Seconds in which what a stop command has told to end may do so before it counts as left over.
_PATIENCE: Final = 2.0


def still_running(launcher: Launcher, argv: Sequence[str]) -> list[ProcessId]:
    """The processes of a resource that run one of its commands now: by their marks and their words.

    A shell that the command has left in the background has its words as well; only the command leads its session.
    """
    words = list(argv)
    return [process for process in launcher.processes() if words and _words_of(process)[-len(words) :] == words and _is_leader(process)]


def end(launcher: Launcher, processes: Sequence[ProcessId], *, grace: float) -> None:
    """End processes with their children. Raises ActionFailed for what the kernel holds."""
    left = launcher.context.system.end_processes(processes, grace=grace, tree=True)
    if left:
        raise ActionFailed(f"{launcher.label()}: pid {pids(left)} can't be ended, the kernel holds it")


def leave_group(launcher: Launcher) -> None:
    """Remove the control group of a resource, or tell what is left in it: the stop command knows what has to end, we don't."""
    if not launcher.cgroup:
        return
    context, until = launcher.context, time.monotonic() + _PATIENCE
    while (left := context.system.group_processes(launcher.cgroup)) and time.monotonic() < until:
        time.sleep(0.02)
    if left:
        context.log.warning(f"{len(left)} processes of {launcher.label()} are left after stop: pid {pids(left)}", pids=pids(left))
    context.system.remove_group(launcher.cgroup)


def pids(processes: Sequence[ProcessId]) -> str:
    """Their numbers, for a message."""
    return " ".join(str(process.pid) for process in processes)


def _is_leader(process: ProcessId) -> bool:
    try:
        return os.getsid(process.pid) == process.pid
    except OSError:
        return False


def _words_of(process: ProcessId) -> list[str]:
    """The command line of a process; none where it has ended."""
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
    except OSError:
        return []
