"""Processes: found by what they inherited, told apart by when they started, never by name alone.

The fields are those of /proc/PID/stat, see proc(5).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from opensvc_core.model.process import ProcessId

# How long a process may take to end after SIGKILL before it counts as stuck in the kernel.
KILL_PATIENCE = 2.0
# Variables of ours begin with it.
MARK: Final = "OPENSVC_"
_PIECE: Final = 1 << 16


class ProcessFacts(NamedTuple):
    """What the kernel tells of a process. `state` is a letter; `Z` has ended and waits for its parent."""

    id: ProcessId
    state: str
    parent: int
    group: int
    session: int

    @property
    def has_ended(self) -> bool:
        """It runs no more: its parent has not waited for it yet."""
        return self.state in "ZXx"


def parse_stat(text: bytes) -> ProcessFacts:
    """Read the text of /proc/PID/stat; the name in parentheses may hold any characters."""
    head, _, tail = text.rpartition(b")")
    fields = tail.split()
    pid = int(head.partition(b" ")[0])
    return ProcessFacts(ProcessId(pid, int(fields[19])), fields[0].decode("ascii"), int(fields[1]), int(fields[2]), int(fields[3]))


def facts_of(pid: int) -> ProcessFacts | None:
    """The facts of a process, None when there is none of that number."""
    try:
        return parse_stat(_read(f"/proc/{pid}/stat"))
    except OSError:
        return None


def identify(pid: int) -> ProcessId | None:
    """The process that has the number now."""
    facts = facts_of(pid)
    return facts.id if facts else None


def all_pids() -> Iterator[int]:
    """The numbers of the processes that are there now."""
    return (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())


def all_facts() -> Iterator[ProcessFacts]:
    """The facts of all processes that have not ended."""
    found = (facts_of(pid) for pid in all_pids())
    return (facts for facts in found if facts and not facts.has_ended)


def is_alive(process: ProcessId) -> bool:
    """It has not ended (one that waits for its parent has)."""
    facts = facts_of(process.pid)
    return facts is not None and facts.id == process and not facts.has_ended


def marked() -> dict[ProcessId, frozenset[bytes]]:
    """The processes, other than this one, that were started with variables of ours, with these variables; unreadable ones are left out."""
    found: dict[ProcessId, frozenset[bytes]] = {}
    for pid, environment in _environments(MARK.encode()):
        marks = frozenset(entry for entry in environment if entry.startswith(MARK.encode()))
        if marks and (process := identify(pid)):
            found[process] = marks
    return found


def entries(environment: Mapping[str, str]) -> set[bytes]:
    """Variables as a process has them."""
    return {f"{name}={value}".encode("utf-8", "surrogateescape") for name, value in environment.items()}


def find(environment: Mapping[str, str]) -> list[ProcessId]:
    """The processes, other than this one, that were started with all of these variables; unreadable ones are left out."""
    wanted = entries(environment)
    if not wanted:
        return []
    matching = (identify(pid) for pid, environment in _environments(max(wanted, key=len)) if wanted.issubset(environment))
    return sorted(process for process in matching if process)


def children(processes: Iterable[ProcessId]) -> list[ProcessId]:
    """The living descendants of these processes, without themselves."""
    everyone = list(all_facts())
    known = {process.pid for process in processes}
    found: dict[int, ProcessId] = {}
    while grown := {each.id.pid: each.id for each in everyone if each.parent in known and each.id.pid not in known}:
        found |= grown
        known |= grown.keys()
    return sorted(found.values())


def session_of(leader: int) -> list[ProcessId]:
    """The living processes of a session, its process groups included."""
    return [facts.id for facts in all_facts() if facts.session == leader]


def send(process: ProcessId, number: int) -> bool:
    """Send a signal to exactly this process; False: it has ended. Raises PermissionError."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except OSError:  # older kernels (< 5.3) and sandboxes have no such descriptors
        return _send_by_number(process, number)
    try:
        # Compared after the descriptor is open: from here on the number can't pass to another process unseen.
        if not is_alive(process):
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def end(processes: Iterable[ProcessId], grace: float, *, tree: bool = False) -> list[ProcessId]:
    """End processes: SIGTERM, then SIGKILL to those left after `grace` seconds; `tree`: their descendants as well.

    Returns those that are still there, stuck in the kernel. Raises PermissionError for another user's.
    """
    targets = _without_us(processes)
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, KILL_PATIENCE)):
        targets = _signal_until_ended(targets, number, patience, tree=tree)
    return sorted(targets)


def _signal_until_ended(targets: set[ProcessId], number: int, patience: float, *, tree: bool) -> set[ProcessId]:
    until = time.monotonic() + patience
    told: set[ProcessId] = set()
    pause = 0.002
    while True:
        if tree:  # before each signal, for the children of a process that has ended are no longer known as its
            targets |= _without_us(children(targets))
        for process in targets - told:
            send(process, number)
        told |= targets
        targets = {process for process in targets if is_alive(process)}
        if not targets or time.monotonic() >= until:
            return targets
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _without_us(processes: Iterable[ProcessId]) -> set[ProcessId]:
    return {process for process in processes if process.pid != os.getpid()}


def _environments(part: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """What each process other than this one was started with, where `part` is somewhere in it; unreadable ones are left out."""
    own = os.getpid()
    for pid in all_pids():
        text = _environment_of(pid) if pid != own else b""
        if part in text:
            yield pid, text.split(b"\0")


def _environment_of(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return _read(f"/proc/{pid}/environ")
    return b""


def _read(path: str) -> bytes:
    """A file of /proc: hundreds are read for one status, and pathlib takes more time than the kernel."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pieces = [os.read(descriptor, _PIECE)]
        while len(pieces[-1]) == _PIECE:
            pieces.append(os.read(descriptor, _PIECE))
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def _send_by_number(process: ProcessId, number: int) -> bool:
    if not is_alive(process):
        return False
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return False
    return True
