"""Files that are replaced as a whole, and locks that tell whether a program runs."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_native_id
from time import monotonic, sleep
from typing import Any, Final, Self

from opensvc_core.errors import OpensvcError

# Seconds until a change of another program has to be done.
_PATIENCE: Final = 2.0
# Seconds for a program to end.
_END: Final = 15.0


def replace(path: Path, content: bytes, *, is_durable: bool = True) -> None:
    """Write a file so that a reader, or a power cut, finds the old content or the new one. Raises OSError."""
    writer = f"{os.getpid()}.{get_native_id()}"
    temporary = path.parent.parent / f".{path.parent.name}.{path.name}.{writer}.tmp"  # the folder of a service has nothing but states
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Have those who change a file come one after the other. Raises OSError: another one does not come to its end."""
    held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait_for(held, lock)
        yield
    finally:
        os.close(held)


def _wait_for(held: int, lock: Path) -> None:
    until = monotonic() + _PATIENCE
    while not _locked(held, fcntl.LOCK_EX):
        if monotonic() > until:
            raise TimeoutError(errno.ETIMEDOUT, "another program has it locked", str(lock))
        sleep(0.02)


def read_text(path: Path) -> str:
    """A file of configuration; a missing one is empty. Raises OpensvcError where it can't be read."""
    try:
        return path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise OpensvcError(f"{path}: {error.strerror}") from error


def read_json(path: Path) -> dict[str, Any] | None:
    """What a program left for others; None where there is nothing, or nothing whole."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


class Board:
    """What a running program tells the others: a lock that is held as long as it runs, and a file beside it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.lock, self.file = folder / f"{name}.key", folder / f"{name}.json"
        self._held = -1

    def hold(self, *, replaces: bool = False) -> Self:
        """Take it for the life of this process; `replaces`: who has it is told to end. Raises OpensvcError: another one has it."""
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if replaces and (told := self.told()):
            with suppress(ProcessLookupError):
                os.kill(told["pid"], signal.SIGTERM)
        until = monotonic() + (_END if replaces else _PATIENCE)
        while not _locked(held, fcntl.LOCK_EX):
            if monotonic() > until:  # who only looks has it for an instant
                os.close(held)
                raise OpensvcError(f"{self.lock.stem}: it runs already")
            sleep(0.05)
        self._held = held
        return self

    def release(self) -> None:
        """Give it back."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def tell(self, value: Mapping[str, Any]) -> None:
        """Replace what it tells. Raises OSError."""
        replace(self.file, json.dumps(value).encode(), is_durable=False)

    def is_held(self) -> bool:
        """Whether its program runs. Raises OSError where that can't be seen."""
        try:
            looking = os.open(self.lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _locked(looking, fcntl.LOCK_SH)
        finally:
            os.close(looking)

    def told(self) -> dict[str, Any] | None:
        """What its program tells; None: it does not run, or has not told anything."""
        return read_json(self.file) if self.is_held() else None

    def left(self) -> dict[str, Any] | None:
        """What was told last, also by a program that has died."""
        return read_json(self.file)


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
