"""Asking: questions to the runner and their answers, which come in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
# Tells that are not the last word on a question.
_BETWEEN = frozenset({"begun", "status", "schedule"})


class Asking:
    """The questions of one monitor. `send` sends one; `told` is called with what comes between a question and its answer."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None], told: Callable[[Json], None]) -> None:
        self._send, self._told = send, told
        self._number = 0
        self._open: dict[int, asyncio.Future[Json]] = {}

    async def ask(self, question: Mapping[str, Any]) -> Json:
        """The answer. Raises ConnectionError where the other side is gone before it came."""
        self._number += 1
        number = self._number
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        self._send({**question, "id": number})
        try:
            found: Json = await answer
            return found
        finally:
            self._open.pop(number, None)

    def answered(self, message: Json) -> None:
        """A message with an id."""
        if message.get("tell") in _BETWEEN:
            self._told(message)
            return
        answer = self._open.get(message["id"])
        if answer is not None and not answer.done():
            answer.set_result(message)

    def lost(self) -> None:
        """The other side is gone: nothing that was asked is answered any more."""
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the runner has ended"))
