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
from opensvc_core.model.operations import Already, Operation, Operations, Together
from opensvc_core.system.threads import do_all


class Undo:
    """What takes back what was done, the last first."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, Operation]] = []

    def rids(self) -> list[str]:
        """The resources that something is to be taken back for, in the order in which it was done."""
        return list(dict.fromkeys(rid for rid, _ in self.entries if rid))


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
            rid, operation = self.undo.entries.pop()
            try:
                self._executor.execute(operation, rid)
            except (OpensvcError, OSError) as error:
                self._journal.say(f"rollback: {error}", rid=rid, level=Level.ERROR)

    def _perform(self, operation: Operation, rid: str, *, keeps_undo: bool) -> object:
        undo = None if isinstance(operation, Already | Together) or not keeps_undo else operation.undo
        done = False
        try:
            outcome = self._executor.execute(operation, rid)
            done = True
        finally:
            # also when a person interrupts it: half of the work may be there
            if undo is not None and (done or getattr(operation, "undo_on_failure", False)):
                self.undo.entries.append((rid, undo))
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
