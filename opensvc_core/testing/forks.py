"""Forks: processes of their own for what the suites do: one that is killed on the way, one that stands still there, one without rights."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from opensvc_core.instance.executors import Noted, Watch


class Fork:
    """A copy of this process that does something, tells in a text what became of it, and ends."""

    def __init__(self, do: Callable[[], str]) -> None:
        self._told, tells = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _live(do, tells)
        os.close(tells)

    def end(self) -> tuple[int, str]:
        """Wait for its end; its exit code (-9: it was killed), and what it told."""
        try:
            with os.fdopen(self._told, "rb") as file:
                text = file.read().decode()
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), text
        except BaseException:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise

    def told(self) -> str:
        """What it told. Raises AssertionError where it failed at that."""
        code, text = self.end()
        assert code == 0, f"what was done in a process of its own failed: {text or f'exit code {code}'}"
        return text


def killed(perform: Callable[[Watch], object], point: int) -> bool:
    """Perform something in a process that is killed at a point; whether it came to it.

    Point 0 is before the first operation that changes the host, 1 after it, 2 before the second one, and so on.
    """

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    code, text = Fork(lambda: str(perform(_at(point, kill)))).end()
    assert code in (0, -signal.SIGKILL), f"the action failed in the process that was to be killed: {text}"
    return code == -signal.SIGKILL


class Held:
    """An action that stands still. `has_come`: it came to the point; afterwards, `told` is what became of it."""

    has_come, told = False, ""


@contextmanager
def held(perform: Callable[[Watch], str], point: int) -> Iterator[Held]:
    """Perform something in a process that stands still at a point (see `killed`) until it is left."""
    reached, reaches = os.pipe()
    goes_on, goes = os.pipe()

    def stand_still() -> None:
        os.write(reaches, b".")
        os.read(goes_on, 1)

    def do() -> str:
        for end in (reached, goes):
            os.close(end)
        return perform(_at(point, stand_still))

    fork, found = Fork(do), Held()
    for end in (reaches, goes_on):
        os.close(end)
    try:
        found.has_come = bool(os.read(reached, 1))
        yield found
    finally:
        for end in (goes, reached):
            os.close(end)
        found.told = fork.told()


def _at(point: int, do: Callable[[], None]) -> Watch:
    """What watches an action, and does something at a point."""
    points = iter(range(point + 1))

    def watch(_noted: Noted, _is_done: bool, /) -> None:
        if next(points, None) == point:
            do()

    return watch


def _live(do: Callable[[], str], tells: int) -> NoReturn:
    """The life of the copy: it must never come back into the test's own code."""
    code = 1
    try:
        try:
            text, code = do(), 0
        except BaseException as error:  # noqa: BLE001 - the other process is told
            text = f"{type(error).__name__}: {error}"
            os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
        with os.fdopen(tells, "wb") as file:
            file.write(text.encode(errors="backslashreplace"))
    finally:
        os._exit(code)
