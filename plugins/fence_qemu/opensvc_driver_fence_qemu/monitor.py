"""A monitor of QEMU: questions and answers in the QEMU Machine Protocol, and the process behind it."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from typing import Any, Final

# The largest line that is taken: a status takes a hundred bytes.
_LARGEST: Final = 1 << 20


class NobodyThere(Exception):
    """Nobody listens where the monitor should be."""


class Lost(Exception):
    """The monitor is not what it should be, or says no."""


class Monitor:
    """A connection. Raises NobodyThere, OSError (TimeoutError when the time `end` of the monotonic clock has come), Lost.

    `is_watched`: the process at the other end is on this host, and its end can be waited for.
    """

    def __init__(self, place: str, end: float) -> None:
        self._place, self._end, self._rest = place, end, b""
        self._process: int | None = None
        self._socket = _connected(place, self._left())
        try:
            self._process = _peer(self._socket)
            if "QMP" not in self._line():
                raise Lost(f"{place} is no monitor of QEMU: start it with -qmp, not -monitor")
        except BaseException:
            self.close()
            raise

    @property
    def is_watched(self) -> bool:
        """Whether the process can be waited for."""
        return self._process is not None

    def ask(self, command: str) -> dict[str, Any]:
        """Have a command executed; what it returns. Events in between are passed over."""
        self._socket.settimeout(self._left())
        self._socket.sendall(json.dumps({"execute": command}).encode() + b"\r\n")
        while True:
            answer = self._line()
            if "error" in answer:
                raise Lost(f"{self._place} refuses '{command}': {answer['error']}")
            if "return" in answer:
                found = answer["return"]
                return found if isinstance(found, dict) else {}

    def close(self) -> None:
        """End the connection."""
        self._socket.close()
        if self._process is not None:
            os.close(self._process)
            self._process = None

    def wait_for_end(self) -> None:
        """Return when the process has ended. Raises Lost where it has not in time."""
        poll = select.poll()
        poll.register(self._process or -1, select.POLLIN)
        if not poll.poll(max(0.0, self._end - time.monotonic()) * 1000):
            raise Lost("its process has not ended in time")

    def _line(self) -> dict[str, Any]:
        while b"\n" not in self._rest:
            self._socket.settimeout(self._left())
            data = self._socket.recv(65536)
            if not data:
                raise Lost(f"{self._place} closed the connection")
            self._rest += data
            if len(self._rest) > _LARGEST:
                raise Lost(f"{self._place} is no monitor of QEMU: it sends lines without an end")
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            found = json.loads(line)
        except ValueError as error:
            raise Lost(f"{self._place} is no monitor of QEMU: it sends {line[:60]!r}; start it with -qmp") from error
        return found if isinstance(found, dict) else {}

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{self._place} did not answer in time")
        return left


def _connected(place: str, limit: float) -> socket.socket:
    """Raises NobodyThere where it is certain that nobody listens; anything else is not certain."""
    host, mark, port = place.rpartition(":")
    try:
        if mark and port.isdecimal() and not place.startswith("/"):
            return socket.create_connection((host.strip("[]"), int(port)), limit)
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        found.settimeout(limit)
        try:
            found.connect(place)
        except BaseException:
            found.close()
            raise
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise NobodyThere(f"nobody listens at {place}") from error
    return found


def _peer(connection: socket.socket) -> int | None:
    """A descriptor of the process at the other end; None: it is on another host, or out of sight."""
    if connection.family != socket.AF_UNIX:
        return None
    size = struct.calcsize("3i")
    pid: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0]
    try:
        return os.pidfd_open(pid) if pid else None
    except OSError:
        return None
