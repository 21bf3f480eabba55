"""The turn: one request of a connection and its answer, each at the pace of the other end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import h11

from opensvc_daemon.listener.identity import Connection

# Bytes of a body that are kept for who has not asked for them yet; then no more is read.
_MOST_KEPT: Final = 65536
Event = h11.Response | h11.InformationalResponse | h11.Data | h11.EndOfMessage


class Wire(Protocol):
    """The connection, as a turn uses it."""

    @property
    def wants_continue(self) -> bool:
        """Whether the other end sends the body only when it was told to."""
        ...

    async def send(self, events: Sequence[Event]) -> None:
        """Write events when there is room. Raises ConnectionResetError where the other end has gone."""
        ...

    def pause_reading(self) -> None:
        """Let no more come."""
        ...

    def resume_reading(self) -> None:
        """Let more come."""
        ...


class Head(NamedTuple):
    """What a request asks for, and who is at the other end. `size`: bytes of target and headers, as they came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    size: int
    connection: Connection

    @classmethod
    def of(cls, request: h11.Request, connection: Connection) -> Head:
        """Of what has come, whose bytes may be any."""
        path, _, query = request.target.decode("ascii", "replace").partition("?")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        size = len(request.target) + sum(len(name) + len(value) for name, value in request.headers)
        return cls(request.method.decode("ascii"), path, query, headers, size, connection)


class Turn:
    """Between a connection, which tells what comes, and the application, which takes it and answers."""

    def __init__(self, head: Head, wire: Wire) -> None:
        self.head, self._wire = head, wire
        self._kept, self._is_whole, self._news = bytearray(), False, asyncio.Event()
        self._gone = asyncio.Event()

    # -- for the connection

    def came(self, data: bytes) -> None:
        """A part of the body."""
        self._kept += data
        if len(self._kept) > _MOST_KEPT:
            self._wire.pause_reading()
        self._news.set()

    def came_whole(self) -> None:
        """The body has come to its end."""
        self._is_whole = True
        self._news.set()

    def end(self) -> None:
        """The other end has gone."""
        self._gone.set()
        self._news.set()

    # -- for the application

    async def more(self) -> bytes:
        """The next part of the body, empty at its end. Raises ConnectionResetError where the other end has gone."""
        if self._wire.wants_continue:
            await self._wire.send([h11.InformationalResponse(status_code=100, headers=[])])
        while not (self._kept or self._is_whole or self._gone.is_set()):
            self._news.clear()
            self._wire.resume_reading()
            await self._news.wait()
        if self._gone.is_set():
            raise ConnectionResetError("gone before the end of the body")
        data, self._kept = bytes(self._kept), bytearray()
        self._wire.resume_reading()
        return data

    async def gone(self) -> None:
        """Wait until the other end has gone."""
        await self._gone.wait()

    async def begin(self, code: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """The begin of the answer. Raises ConnectionResetError, as `write` does."""
        await self._wire.send([h11.Response(status_code=code, headers=list(headers))])

    async def write(self, data: bytes, *, more: bool) -> None:
        """A part of the answer; the last one ends it."""
        shown = [h11.Data(data=data)] if data and self.head.method != "HEAD" else []
        await self._wire.send([*shown, *([] if more else [h11.EndOfMessage()])])
