"""The wire to a guest's agent: a virtual serial port, which works also when the network is cut."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any


class Channel:
    """Questions to the agent and its answers, several at once; a question that a reset or power cut loses fails with ConnectionError."""

    def __init__(self, connection: socket.socket, when_up: Callable[[], None]) -> None:
        self._connection, self._when_up = connection, when_up
        self._lock, self._asked, self._count = threading.Lock(), dict[int, Future[dict[str, Any]]](), 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, what: str, **words: Any) -> Future[dict[str, Any]]:
        """Send a question; its answer comes in the future."""
        future = Future[dict[str, Any]]()
        with self._lock:
            self._count += 1
            self._asked[self._count] = future
            with suppress(OSError):  # the reader finds the end, and says so
                self._connection.sendall(json.dumps({"id": self._count, "do": what, "with": words}).encode() + b"\n")
        return future

    def wait_end(self) -> None:
        """Wait until nobody holds the other end any more."""
        self._reader.join(20)

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._connection.close()

    def _read(self) -> None:
        rest = b""
        with suppress(OSError):
            while data := self._connection.recv(65536):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._take(line)
        self._lose("it was powered off")

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:  # torn by a reset
            return
        if "up" in message:
            self._lose("it booted meanwhile")
            self._when_up()
        elif future := self._asked.pop(message["id"], None):
            future.set_result(message["answer"])

    def _lose(self, why: str) -> None:
        with self._lock:
            lost, self._asked = self._asked, {}
        for future in lost.values():
            future.set_exception(ConnectionError(why))
