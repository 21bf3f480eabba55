"""Confined: an import of somebody else's module, in a thread of its own, so that it may fail, print, end or hang as it likes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TextIO


class ConfinedImport:
    """An import that has begun. What it prints is added to `said`, and nothing of what others print meanwhile.

    It has a thread because nothing else ends the wait for a module that waits for ever: signals reach the main thread alone,
    and services are looked at in others. So its exceptions are its own as well: a person's Ctrl-C comes to the main thread.
    """

    def __init__(self, load: Callable[[], ModuleType], name: str, said: list[str]) -> None:
        self._load, self._said = load, said
        self._found: ModuleType | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name=f"import of {name}", daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether there is a result."""
        return self._found is not None or self._error is not None

    def wait(self, patience: float) -> None:
        """Wait for its end, so many seconds at most."""
        self._thread.join(patience)

    def result(self) -> ModuleType:
        """The module, once the import has ended. Raises what ended it; KeyboardInterrupt and the like as ImportError."""
        if isinstance(self._error, Exception | SystemExit):
            raise self._error
        if self._found is None:
            raise ImportError(f"it raised {type(self._error).__name__}") from self._error
        return self._found

    def _work(self) -> None:
        with kept_output(self._said):
            try:
                self._found = self._load()
            except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
                self._error = error


@contextmanager
def kept_output(said: list[str]) -> Iterator[None]:
    """Keep what this thread prints meanwhile: it would stand in the middle of what a command prints for programs."""
    before = sys.stdout, sys.stderr
    heard: Any = tuple(_Heard(stream, said) for stream in before)
    sys.stdout, sys.stderr = heard
    try:
        yield
    finally:
        for stream in heard:
            stream.is_over = True  # a handler of logging may have kept it
        # another thread may have done the same since: then these stay between, and pass on
        if (sys.stdout, sys.stderr) == heard:
            sys.stdout, sys.stderr = before


class _Heard:
    """A stream that keeps what one thread writes; what the others write goes on."""

    def __init__(self, beyond: TextIO, said: list[str]) -> None:
        self._beyond, self._said, self._speaker = beyond, said, threading.get_ident()
        self.is_over = False

    def write(self, text: str) -> int:
        if self.is_over or threading.get_ident() != self._speaker:
            return self._beyond.write(text)
        self._said.append(text)
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._beyond, name)
