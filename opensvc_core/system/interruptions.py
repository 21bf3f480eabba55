"""Interruptions: signals that end what is being done, held off while nobody could end what was just begun."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Self

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, FrameType | None], Any]


class HeldOff:
    """Keeps the signals that are handled in Python to itself, from its beginning until `let_in`, or its end.

    A process that is forked is known to its parent only some steps later: an exception between them would leave it to itself.
    Handlers and no mask of signals, for a command would inherit that. Where nothing can be interrupted, beside the main thread,
    it does nothing.
    """

    def __init__(self) -> None:
        self._before: dict[int, _Handler] = {}
        self._came: list[tuple[int, FrameType | None]] = []

    def __enter__(self) -> Self:
        try:
            if threading.current_thread() is threading.main_thread():
                self._take_over()
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.let_in()

    def let_in(self) -> None:
        """From now on signals do what they did before; at once, what those do that came meanwhile. Raises what they raise."""
        self._give_back()
        while self._came:
            number, frame = self._came.pop(0)
            handler = signal.getsignal(number)  # the first one may have asked to be left alone from then on
            if callable(handler):
                handler(number, frame)

    def _take_over(self) -> None:
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):  # what ends this process at once does so, and what is ignored is inherited as that
                self._before[number] = handler
                signal.signal(number, self._note)

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._note:
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came.append((number, frame))
