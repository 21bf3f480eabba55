"""Sight: what was seen of the host, kept until it may be so no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Sight:
    """Keeps what was asked for once: in a look for good, in `kept`, which others may know; in an action until the host is changed."""

    def __init__(self, kept: dict[str, Any] | None = None) -> None:
        self._kept: dict[str, Any] = {} if kept is None else kept
        self._turn, self._changes = threading.Lock(), 0

    def once(self, key: str, see: Callable[[], T]) -> T:
        """What `see` finds, or has found since the last change."""
        if self._changes:
            return see()
        kept = self._kept  # what is seen while another thread begins and ends a change goes where nobody looks any more
        if key not in kept:
            kept[key] = see()
        found: T = kept[key]
        return found

    def forget(self) -> None:
        """Let the next look be another one."""
        self._kept = {}

    @contextmanager
    def changing(self) -> Iterator[None]:
        """The host is being changed: nothing that is seen meanwhile, or was before, is kept.

        What failed, or was not waited for, may go on to change it: nothing is kept any more.
        """
        with self._turn:
            self._changes += 1
        yield
        self._kept = {}
        with self._turn:
            self._changes -= 1
