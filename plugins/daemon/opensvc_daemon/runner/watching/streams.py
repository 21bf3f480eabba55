"""Streams: endless answers of HTTP servers behind unix sockets, such as the events of a container engine."""

from __future__ import annotations

import re
import socket
import time
from functools import partial
from typing import Final

from opensvc_daemon.clock import now
from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.watching.source import Changed

_CHUNK: Final = 1 << 16
_LONGEST_HEAD: Final = 1 << 16


class Streams:
    """A source for `stream`: targets are `SOCKET PATH`; `{since}` in the path is the moment from which on events are of interest.

    The end of a stream is a change as well: whoever answers has ended, perhaps.
    """

    def __init__(self, loop: Loop, changed: Changed) -> None:
        self._loop, self._changed = loop, changed
        self._open: dict[str, socket.socket] = {}
        # what has come of the head of the answer; None: the body has begun
        self._heads: dict[str, bytes | None] = {}

    def add(self, target: str, since: float) -> bool:
        if target in self._open:
            return False
        path, _, request = target.partition(" ")
        moment = time.time() - (now() - since)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            connection.connect(path)
        except OSError:  # nobody answers: what is to be seen of it is looked at by schedule
            connection.close()
            return False
        try:
            connection.send(f"GET {request.replace('{since}', f'{moment:.3f}')} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        except OSError:  # it has ended just now
            connection.close()
            return True
        self._open[target], self._heads[target] = connection, b""
        self._loop.attend(connection.fileno(), partial(self._read, target))
        return False

    def remove(self, target: str) -> None:
        if (connection := self._open.pop(target, None)) is not None:
            self._loop.leave(connection.fileno())
            connection.close()

    def close(self) -> None:
        for target in list(self._open):
            self.remove(target)

    def _read(self, target: str) -> None:
        try:
            data = self._open[target].recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self.remove(target)
            self._changed(target)
            return
        head = self._heads[target]
        if head is not None:
            head, mark, data = (head + data).partition(b"\r\n\r\n")
            self._heads[target] = None if mark else head
            if len(head) > _LONGEST_HEAD or (mark and not re.match(rb"HTTP/1\.[01] 200 ", head)):
                self.remove(target)  # refused: nothing comes
                return
        if data:
            self._changed(target)
