"""The protocol of one connection: HTTP/1.1 by h11, one turn after the other, with limits of time and size, and errors in JSON."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import h11

from opensvc_daemon.listener.identity import Connection, connection_of
from opensvc_daemon.listener.turn import Event, Head, Turn

LARGEST_HEADERS: Final = 16384
HEADER_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 30.0
App = Callable[[Turn], Awaitable[None]]


class Protocol(asyncio.Protocol):
    """One connection. `app` serves a turn, in a task of its own; `made` and `closed` are called at its begin and its end."""

    def __init__(self, app: App, made: Callable[[Protocol], None], closed: Callable[[Protocol], None]) -> None:
        self._app, self._made, self._closed = app, made, closed
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.SERVER, LARGEST_HEADERS)
        self._transport: Any = None
        self._connection = Connection()
        self._turn: Turn | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._is_idle = self._is_ending = False
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.task: asyncio.Task[None] | None = None

    def shutdown(self) -> None:
        """End it: at once where nothing is served, else after the answer."""
        self._is_ending = True
        if self._turn is None:
            self._transport.close()

    def abort(self) -> None:
        """End it now."""
        self._transport.abort()

    # -- what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note who it is; a handshake before this has a limit of its own."""
        self._transport = transport
        self._made(self)
        self._await_head()
        try:
            self._connection = connection_of(transport)
        except OSError:  # gone already
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who serves it, and forget it."""
        self._end_limit()
        self._has_room.set()
        if self._turn:
            self._turn.end()
        self._closed(self)

    def data_received(self, data: bytes) -> None:
        """Headers have to come to their end in time, however slowly they trickle; a request that is served has limits of its own."""
        if self._transport.is_closing() or self._has_said_all:
            return
        if self._is_idle:
            self._await_head()
        self._http.receive_data(data)
        self._read()

    def pause_writing(self) -> None:
        """The other end reads slowly."""
        self._has_room.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._has_room.set()

    # -- what comes

    @property
    def _has_said_all(self) -> bool:
        """That was the last request, as the other end has told: what follows is nothing."""
        return self._http.their_state is h11.MUST_CLOSE

    def _read(self) -> None:
        try:
            while not self._has_said_all and (event := self._http.next_event()) is not h11.NEED_DATA:
                if event is h11.PAUSED:  # the next request waits for its turn
                    return self.pause_reading()
                self._take(event)
        except h11.RemoteProtocolError as error:
            self._refuse(error)
        return None

    def _take(self, event: Any) -> None:
        if isinstance(event, h11.Request):
            self._end_limit()
            self._turn = Turn(Head.of(event, self._connection), self)
            self.task = self._loop.create_task(self._serve(self._turn))
        elif self._turn and isinstance(event, h11.Data):
            self._turn.came(bytes(event.data))
        elif self._turn and isinstance(event, h11.EndOfMessage):
            self._turn.came_whole()

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        """Tell, as all errors are told, that this was no HTTP."""
        body = json.dumps({"error": f"this is no HTTP: {error}", "id": os.urandom(8).hex()}).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        try:
            for event in (h11.Response(status_code=error.error_status_hint, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self._transport.write(self._http.send(event) or b"")
        except h11.LocalProtocolError:
            pass  # an answer is under way: only the end is left to tell
        self._transport.close()

    # -- what is answered

    async def _serve(self, turn: Turn) -> None:
        try:
            await self._app(turn)
        except (ConnectionError, TimeoutError):
            pass  # who does not take an error has gone
        finally:
            if self._turn is turn:  # the answer has no end
                self._cut()

    @property
    def wants_continue(self) -> bool:
        """Whether the other end sends the body only when it was told to."""
        return self._http.they_are_waiting_for_100_continue

    def pause_reading(self) -> None:
        """Let no more come."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Let more come."""
        self._transport.resume_reading()

    async def send(self, events: Sequence[Event]) -> None:
        """Write events when there is room. Raises ConnectionResetError where the other end has gone."""
        await self._has_room.wait()
        if self._transport.is_closing():
            raise ConnectionResetError("gone before the end of the answer")
        if data := b"".join(self._http.send(event) or b"" for event in events):
            self._transport.write(data)
        if isinstance(events[-1] if events else None, h11.EndOfMessage):
            self._end_turn()

    def _end_turn(self) -> None:
        self._turn = None
        if self._is_ending or self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self._transport.close()  # also where the rest of the request may still be coming
            return
        self._http.start_next_cycle()
        self._await_head(IDLE_SECONDS)
        self.resume_reading()
        if self._http.trailing_data[0]:
            self._await_head()
            self._read()

    def _cut(self) -> None:
        """Leave the answer without its end; a reader that takes nothing would keep what is closed open."""
        if self._has_room.is_set():
            self._transport.close()
        else:
            self.abort()

    # -- limits of time

    def _await_head(self, idle: float = 0.0) -> None:
        """From now on so many seconds without a byte; else those for a whole head."""
        self._end_limit()
        self._is_idle = idle > 0
        self._limit = self._loop.call_later(idle or HEADER_SECONDS, self._transport.close if idle else self.abort)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
