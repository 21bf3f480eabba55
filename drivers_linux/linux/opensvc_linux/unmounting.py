"""Unmounting: with the names of those that keep a mount busy, and, where an administrator insists, without them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from opensvc_core.api import ActionFailed, Call, Command, CommandResult, Context, Operations
from opensvc_linux.holders import Holder, ancestors, holders, other_uses
from opensvc_linux.mounts import at, read

_BUSY = 32  # mount(8): a failure of mount or umount
# Seconds that those who are about to end, and readers in passing, are given.
_PATIENCE = 4.0
# What nobody is seen to hold is the kernel's matter, and a busy machine's kernel takes its time.
_PATIENCE_UNSEEN = 15.0
_PAUSE = 0.1
_GRACE = 5.0
# Who is ended may have begun another process a moment before.
_ROUNDS = 3
_SHOWN = 5
_OWN = " (this command comes from it: leave the directory first)"


def unmount(mnt: str, point: str, context: Context, *, argv: Sequence[str], is_forced: bool) -> Operations:
    """Unmount what is seen at a mount point (`point`: without links).

    Whoever is about to leave is waited for. `is_forced` (`--force`): the processes that hold it are ended, TERM before KILL;
    never the agent and those that it was called by. It is never detached while it is in use (`umount -l`): it would go on
    being written to, out of sight.
    """
    result: CommandResult = yield Command(argv, succeeds=(0, _BUSY))
    begun, pause = time.monotonic(), _PAUSE
    while "busy" in result.stderr:
        time.sleep(pause)
        is_held, waited = _is_held(point), time.monotonic() - begun
        if waited >= (_PATIENCE if is_held else _PATIENCE_UNSEEN) or (is_held and is_forced):
            break
        if not is_held:
            result = yield Command(argv, succeeds=(0, _BUSY), is_quiet=True)
            pause *= 1.5
    mine = frozenset(ancestors(os.getpid()))
    if not result.code:
        if is_forced and isinstance(context.planned_paths, set):
            yield from _planned_end(_targets(point, mine), argv)
        return
    for _ in range(_ROUNDS if is_forced else 0):
        targets = _targets(point, mine)
        if not result.code or not targets or _is_used(point):
            break
        yield _end(targets, context)
        result = yield Command(argv, succeeds=(0, _BUSY))
    if result.code:
        raise ActionFailed(_why(mnt, point, result, mine, is_forced=is_forced))


def _targets(point: str, mine: frozenset[int]) -> list[Holder]:
    """Who may be ended."""
    return [holder for holder in _holders(point) if holder.process.pid not in mine and holder.process.pid != 1]


def _planned_end(targets: Sequence[Holder], argv: Sequence[str]) -> Operations:
    """In a plan: who holds it now, and would be ended; the steps before may do so in their own way."""
    if targets:
        condition = f"still busy then: {'; '.join(map(str, targets[:_SHOWN]))}"
        yield Call(f"kill {' '.join(str(holder.process.pid) for holder in targets)}", lambda: None, condition=condition)
        yield Command(argv, condition="busy before")


def _end(targets: Sequence[Holder], context: Context) -> Call:
    for holder in targets:
        context.log.warning(f"ended by --force: {holder}")
    processes = [holder.process for holder in targets]
    return Call(
        f"kill {' '.join(str(process.pid) for process in processes)}", lambda: context.system.end_processes(processes, grace=_GRACE)
    )


def _why(mnt: str, point: str, result: CommandResult, mine: frozenset[int], *, is_forced: bool) -> str:
    mounts = read()
    stack = at(point, mounts)
    uses = other_uses(stack[-1], mounts) if stack else []
    held = _holders(point)
    seen = [*uses, *(f"{holder}{_OWN * (holder.process.pid in mine)}" for holder in held)]
    if not seen:
        said = result.stderr.strip().splitlines()
        return f"umount {mnt}: {said[0] if said else f'exit code {result.code}'}; nobody who holds it can be seen from here"
    shown = "; ".join(seen[:_SHOWN]) + (f"; and {len(seen) - _SHOWN} more" if len(seen) > _SHOWN else "")
    way = "" if is_forced or not held else " (--force ends the processes)"
    return f"umount {mnt}: it is busy: {shown}{way}"


def _is_held(point: str) -> bool:
    return _is_used(point) or bool(_holders(point))


def _is_used(point: str) -> bool:
    """By something that no end of a process would change."""
    mounts = read()
    stack = at(point, mounts)
    return bool(stack and other_uses(stack[-1], mounts))


def _holders(point: str) -> list[Holder]:
    mounts = read()
    stack = at(point, mounts)
    return holders(stack[-1], mounts) if stack else []
