"""Greetings: words that an arbitrator gives out, each good for one question, so that what was recorded is worth nothing later."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

from opensvc_daemon.guards.sealed import NONCE_BYTES

# As many as wait for their questions at once; the oldest gives way.
_MOST: Final = 1024
_LIFE: Final = 10.0


class Words:
    """The words that are out. `now`: seconds of a clock that never jumps. May be used by several threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._given: dict[str, float] = {}
        self._lock = threading.Lock()

    def give(self) -> str:
        """A new one."""
        word = os.urandom(NONCE_BYTES).hex()
        with self._lock:
            self._given[word] = self._now()
            while len(self._given) > _MOST:
                del self._given[next(iter(self._given))]
        return word

    def take(self, word: object) -> bool:
        """Whether a word was given out, a moment ago, and not taken before."""
        with self._lock:
            given = self._given.pop(word, None) if isinstance(word, str) else None
        return given is not None and self._now() - given <= _LIFE
