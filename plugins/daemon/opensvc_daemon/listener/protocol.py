"""The protocol of one connection: uvicorn's HTTP/1.1 over h11, with a limit of time for headers and errors in JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from opensvc_daemon.listener.identity import connection_of

LARGEST_HEADERS: Final = 16384
HEADER_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 30


class Server:
    """What all connections have in common, and those that are open."""

    def __init__(self, app: Any) -> None:
        # uvicorn's own lines would stand on the daemon's standard error; what counts is logged by the application
        logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())
        logging.getLogger("uvicorn.error").propagate = False
        self.config = Config(
            app,
            interface="asgi3",
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=LARGEST_HEADERS,
            timeout_keep_alive=IDLE_SECONDS,
        )
        self.config.load()
        self.state = ServerState()

    def protocol(self, closed: Callable[[], None]) -> Protocol:
        """A protocol for one more connection; `closed` is called at its end."""
        return Protocol(self.config, self.state, closed)

    async def close(self, patience: float) -> None:
        """End all connections: those that are idle at once, the others when they are, or after so many seconds."""
        for connection in list(self.state.connections):
            connection.shutdown()
        tasks = [task for task in self.state.tasks if task is not asyncio.current_task()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for connection in list(self.state.connections):
            connection.transport.abort()


class Protocol(H11Protocol):
    """One connection."""

    def __init__(self, config: Config, server_state: ServerState, closed: Callable[[], None] = lambda: None) -> None:
        super().__init__(config, server_state, {})
        self._closed = closed
        self._limit: asyncio.TimerHandle | None = None
        self._begin_limit()

    def connection_made(self, transport: Any) -> None:
        """Note who it is."""
        super().connection_made(transport)
        try:
            self.app_state["connection"] = connection_of(transport)
        except OSError:  # gone already
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._end_limit()
        super().connection_lost(exc)
        self._closed()

    def data_received(self, data: bytes) -> None:
        """Headers have to come to their end in time, however slowly they trickle; a request that is served has limits of its own."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._begin_limit()
        else:
            self._end_limit()

    def on_response_complete(self) -> None:
        """From here uvicorn's own limit for idle connections counts."""
        self._end_limit()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Tell, as all errors are told, that this was no HTTP."""
        try:
            body = json.dumps({"error": msg, "id": secrets.token_hex(8)}).encode()
            headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
            for event in (h11.Response(status_code=400, headers=headers, reason=b"Bad Request"), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            pass  # an answer is under way: only the end is left to tell
        self.transport.close()

    def _begin_limit(self) -> None:
        if self._limit is None:
            self._limit = self.loop.call_later(HEADER_SECONDS, self._cut)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()
