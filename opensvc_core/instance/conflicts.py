"""Conflicts: what of a service is in use elsewhere, so that it may not be started here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from opensvc_core.driver.capabilities import Preflight
from opensvc_core.errors import ActionFailed, Conflict
from opensvc_core.instance.holdings import Holdings
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.part import Part
from opensvc_core.instance.request import Request
from opensvc_core.instance.walk import Walk, side_by_side
from opensvc_core.model.events import Level


class Conflicts:
    """Of one start."""

    def __init__(self, walk: Walk, journal: Journal, cancel: threading.Event, holdings: Holdings, *, is_rehearsal: bool) -> None:
        self._walk, self._journal, self._cancel, self._holdings = walk, journal, cancel, holdings
        self._is_rehearsal = is_rehearsal
        self._found: dict[str, str] = {}

    def of(self, rid: str) -> str:
        """What uses a resource elsewhere; an empty text: nothing that was seen."""
        return self._found.get(rid, "")

    def look(self, parts: Sequence[Part], request: Request) -> None:
        """Let all that can tell look before anything is started. Raises Conflict."""
        for part in parts:
            if part.resource and (held := self._holdings.in_the_way(part.resource)):
                self._note(part, held)
        clear = request.ahead.clear if request.ahead else frozenset()
        for rid in (part.rid for part in parts if part.rid in clear):
            self._journal.say("nobody was seen to use it while this node was ready", rid=rid, name="clear")
        self._each([part for part in parts if _can_tell(part) and part.rid not in {*self._found, *clear}], self._ask_before_start)
        in_use = [part for part in parts if part.rid in self._found and not part.is_optional]
        if in_use:
            rids = ", ".join(part.rid for part in in_use)
            seen = tuple(f"{part.rid}: {self._found[part.rid]}" for part in in_use)
            raise Conflict(f"{request.action} aborted due to resource {rids} conflict", seen)

    def look_ahead(self, parts: Sequence[Part]) -> frozenset[str]:
        """Let those look that can tell before a start is decided on; the rids of what nobody else uses.

        One that can't look now will say why when it is started.
        """
        clear: set[str] = set()

        def look(part: Part) -> None:
            with suppress(ActionFailed):
                self._ask(part)
                if not self.of(part.rid):
                    clear.add(part.rid)

        self._each([part for part in parts if isinstance(part.resource, Preflight) and part.resource.can_look_ahead()], look)
        return frozenset(clear)

    def _each(self, parts: list[Part], look: Callable[[Part], None]) -> None:
        if self._is_rehearsal or len(parts) < 2:
            for part in parts:
                look(part)
        else:
            side_by_side(parts, look, self._cancel)

    def _ask(self, part: Part) -> None:
        assert isinstance(part.resource, Preflight)
        try:
            self._walk.follow(part.resource.preflight(), part.rid, keeps_undo=False)
        except Conflict as error:
            self._note(part, str(error))

    def _ask_before_start(self, part: Part) -> None:
        try:
            self._ask(part)
        except ActionFailed:
            if not part.is_optional:
                raise  # the start of an optional one says it again, and is ignored there

    def _note(self, part: Part, text: str) -> None:
        self._found[part.rid] = text
        self._journal.say(text, rid=part.rid, level=Level.DEBUG, name="conflict")


def _can_tell(part: Part) -> bool:
    return isinstance(part.resource, Preflight)
