"""The priority of beat: it is to run when the node is busy, and to be in memory when that is short."""

from __future__ import annotations

import contextlib
import ctypes
import os

# mlockall(2). On fault: stacks and libraries are locked as far as they are used, not by megabytes in advance.
_CURRENT, _FUTURE, _ONFAULT = 1, 2, 4
_NICE = -20


def raise_priority() -> str:
    """Have this process and the threads that it will start come first, as far as that is granted; tells what was."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_get_priority_min(os.SCHED_FIFO)))
        return "real-time priority"
    except OSError:
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        return f"nice {_NICE}"
    except OSError as error:
        return f"no priority ({error.strerror})"


def hurry() -> None:
    """Be the first among ordinary processes, as far as that is granted: for what beat starts, which is in a hurry, and may hang."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)


def lock_memory() -> str:
    """Keep all that this process uses in memory, as far as that is granted; tells whether it is."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_CURRENT | _FUTURE | _ONFAULT) == 0:
        return "memory locked"
    return f"memory not locked ({os.strerror(ctypes.get_errno())})"
