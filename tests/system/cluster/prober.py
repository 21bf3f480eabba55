"""A client that asks a service every few milliseconds, and what it was answered.

Run as a program: FILE ADDRESS PORT. Its file has a line for each answer: the node, when it was asked and when it answered, in
nanoseconds of CLOCK_MONOTONIC.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from lab import Lab, Node

PERIOD: Final = 5_000_000  # nanoseconds
STOP: Final = ".stop"
SIZE: Final = 8  # bytes of a question, of which an answer begins with


class Answer(NamedTuple):
    """Who answered, and when it was asked and answered: seconds of CLOCK_MONOTONIC."""

    node: str
    asked: float
    answered: float


class Prober:
    """Asks from a node that is no member, inside a `with`."""

    def __init__(self, lab: Lab, client: Node, address: str, port: int) -> None:
        self._client = client
        self._file = lab.shared / f"answers.{client.name}.{address}"
        self._line = f"{sys.executable} -I -S {Path(__file__)} /run/lab/{self._file.name} {address} {port}"

    def __enter__(self) -> Self:
        self._file.unlink(missing_ok=True)
        self._stop.unlink(missing_ok=True)
        self._process = self._client.begin(self._line)
        return self

    def __exit__(self, *_: object) -> None:
        # the process that was begun here is not the one that asks
        self._stop.touch()
        self._process.communicate(timeout=60)

    @property
    def _stop(self) -> Path:
        return self._file.with_suffix(STOP)

    @property
    def answers(self) -> list[Answer]:
        """All that it was answered, in order."""
        text = self._file.read_text(encoding="ascii") if self._file.exists() else ""
        words = [line.split() for line in text[: text.rfind("\n") + 1].splitlines()]
        return [Answer(node, int(asked) / 1e9, int(answered) / 1e9) for node, asked, answered in words]

    def first(self, node: str, since: float) -> Answer | None:
        """The first answer of a node to a question that was asked since a moment."""
        return next((one for one in self.answers if one.node == node and one.asked >= since), None)

    def longest_gap(self, since: float) -> float:
        """The longest time in seconds without an answer after a moment."""
        times = [since, *(one.answered for one in self.answers if one.answered >= since)]
        return max((b - a for a, b in pairwise(times)), default=0.0)


def main() -> None:
    """Ask until there is a file that says stop."""
    name, address, port = sys.argv[1:]
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.setblocking(False)
    due = time.monotonic_ns()
    stop = Path(name).with_suffix(STOP)
    while not stop.exists():
        with suppress(OSError):  # nobody is there
            asking.sendto(due.to_bytes(SIZE, "big"), (address, int(port)))
        due += PERIOD
        while (rest := due - time.monotonic_ns()) > 0:
            if select.select([asking], [], [], rest / 1e9)[0]:
                _note(asking, file)


def _note(asking: socket.socket, file: int) -> None:
    with suppress(OSError):
        answer = asking.recv(64)
        asked = int.from_bytes(answer[:SIZE], "big")
        os.write(file, f"{answer[SIZE:].decode()} {asked} {time.monotonic_ns()}\n".encode())


if __name__ == "__main__":
    main()
