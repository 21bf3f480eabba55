"""The walk: stage by stage through a plan, each operation carried out, and taken back when the way can't be finished."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from opensvc_core.errors import ActionFailed, ActionInterrupted, OpensvcError
from opensvc_core.instance.executors import Executor
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.part import Part
from opensvc_core.model.events import Level
from opensvc_core.model.operations import Already, Operation, Operations, Together, Undoing
from opensvc_core.system.threads import do_all


class Entry:
    """What takes back an operation of a resource. `is_doubtful`: nobody has seen what the operation came to."""

    def __init__(self, rid: str, undoing: Undoing) -> None:
        self.rid, self.undoing, self.is_doubtful = rid, undoing, True


class Undo:
    """What takes back what was done, the last first."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def rids(self) -> list[str]:
        """The resources that something is to be taken back for, in the order in which it was done."""
        return list(dict.fromkeys(entry.rid for entry in self.entries if entry.rid))


class Walk:
    """Carries out generators of operations with one executor and keeps what would take them back."""

    def __init__(self, executor: Executor, journal: Journal) -> None:
        self._executor, self._journal = executor, journal
        self.undo = Undo()

    def follow(self, operations: Operations, rid: str, *, keeps_undo: bool) -> bool:
        """Carry out what a generator yields; whether the host was changed.

        A failed operation is raised inside the generator, which may go on with others; ActionFailed otherwise.
        """
        changed, outcome, failure = False, None, None
        while True:
            try:
                operation = operations.send(outcome) if failure is None else operations.throw(failure)
            except StopIteration:
                return changed
            except OpensvcError:
                raise
            except Exception as error:  # what a driver raises ends its step: what was done has to be taken back
                raise ActionFailed(f"{rid}: the driver failed: {type(error).__name__}: {error}") from error
            changed = changed or not isinstance(operation, Already)
            outcome, failure = None, None
            try:
                outcome = self._perform(operation, rid, keeps_undo=keeps_undo)
            except ActionFailed as error:
                failure = error

    def take_back(self) -> None:
        """Undo, the last operation first. What can't be undone is logged, the rest is."""
        while self.undo.entries:
            entry = self.undo.entries.pop()
            try:
                if callable(entry.undoing):
                    self.follow(entry.undoing(), entry.rid, keeps_undo=False)
                else:
                    self._executor.execute(entry.undoing, entry.rid)
            except (OpensvcError, OSError) as error:
                if entry.is_doubtful:
                    text, level = f"rollback: {error}; what was interrupted may not have been done", Level.WARNING
                else:
                    text, level = f"rollback: {error}", Level.ERROR
                self._journal.say(text, rid=entry.rid, level=level)

    def _perform(self, operation: Operation, rid: str, *, keeps_undo: bool) -> object:
        if isinstance(operation, Already | Together) or operation.undo is None or not keeps_undo:
            return self._executor.execute(operation, rid)
        entry = Entry(rid, operation.undo)
        self.undo.entries.append(entry)  # before it is done: an interruption may come between its effect and its end
        try:
            outcome = self._executor.execute(operation, rid)
        except OpensvcError as error:
            entry.is_doubtful = isinstance(error, ActionInterrupted)
            if not (error.has_begun if isinstance(error, ActionInterrupted) else operation.undo_on_failure):
                self.undo.entries.remove(entry)
            raise
        entry.is_doubtful = False
        return outcome


def side_by_side(parts: Sequence[Part], act: Callable[[Part], None], cancel: threading.Event) -> None:
    """Act on all parts at the same time, and wait for all of them. Raises what the first one in order raised."""
    errors: dict[str, BaseException] = {}

    def run(part: Part) -> None:
        try:
            act(part)
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            errors[part.rid] = error

    do_all([(part.rid, partial(run, part)) for part in parts], cancel.set)
    failed = [errors[part.rid] for part in parts if part.rid in errors]
    interrupted = [error for error in failed if isinstance(error, ActionInterrupted | KeyboardInterrupt)]
    if failed:
        raise (interrupted or failed)[0] if interrupted or len(failed) == 1 else ActionFailed("; ".join(map(str, failed)))


def wait_for(condition: Callable[[], bool], seconds: float, cancel: threading.Event) -> bool:
    """Ask again, at first after 20 ms, then less and less often, until it holds or the seconds are over."""
    end, pause = time.monotonic() + seconds, 0.02
    while not condition():
        if time.monotonic() >= end:
            return False
        if cancel.wait(min(pause, max(0.0, end - time.monotonic()))):
            raise ActionInterrupted("interrupted")
        pause = min(pause * 1.5, 1.0)
    return True
