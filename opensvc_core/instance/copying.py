"""Copying: the copies of a sync action, what each made for itself taken away again, and what killed ones have left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from opensvc_core.driver.capabilities import Syncable
from opensvc_core.errors import ActionFailed
from opensvc_core.instance.connections import connected
from opensvc_core.instance.executors import Executor
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.part import Part
from opensvc_core.instance.request import Request
from opensvc_core.instance.syncing import finish, targets
from opensvc_core.instance.walk import Walk
from opensvc_core.model.events import Level
from opensvc_core.model.operations import Operations
from opensvc_core.plan.ordering import Stage


class Copying:
    """Of one action."""

    def __init__(self, instance: Instance, request: Request, executor: Executor, journal: Journal, cancel: threading.Event) -> None:
        self._instance, self._request, self._executor = instance, request, executor
        self._journal, self._cancel = journal, cancel
        self._cleaning = threading.Lock()

    def all(self, through: Sequence[Stage], copy: Callable[[], None]) -> Sequence[str]:
        """The copies, and what follows them there, by the same connections; why that failed, for each node where it did."""
        with connected(self._instance.facts.peer_shell, self._takers(through), self._cancel):
            copy()
            return finish(self._instance, self._executor, self._journal, shown_as=self._request.shown_as, keeps_own=self._request.keeps_own)

    def one(self, operations: Operations, rid: str) -> None:
        """Let it copy; what it made for that alone is taken back when it has ended, also after an interruption."""
        walk = Walk(self._executor, self._journal)
        try:
            walk.follow(operations, rid, keeps_undo=True)
        finally:
            with self._cleaning:  # one at a time: each holds off the interruption that the others have to see
                is_cancelled = self._cancel.is_set()
                if is_cancelled:
                    self._cancel.clear()
                try:
                    walk.take_back()
                finally:
                    if is_cancelled:
                        self._cancel.set()

    def _takers(self, through: Sequence[Stage]) -> list[str]:
        """The nodes that are copied to."""
        if self._executor.is_rehearsal:
            return []
        resources: list[object] = [self._instance.part(item.rid).resource for stage in through for item in stage.items]
        nodes = targets(self._instance, self._request.kind)
        return sorted({node for one in resources if isinstance(one, Syncable) for node in one.takers(nodes)})


def sweep(parts: Sequence[Part], walk: Walk, journal: Journal) -> None:
    """Take away what killed copies have left; where that fails, the stop tells what keeps it from its end."""
    for part in parts:
        if isinstance(part.resource, Syncable) and not part.is_disabled:
            try:
                walk.follow(part.resource.sweep(), part.rid, keeps_undo=False)
            except ActionFailed as error:
                journal.say(str(error), rid=part.rid, level=Level.WARNING)
