"""The server: the connections that are open, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from opensvc_daemon.listener.protocol import App, Protocol


class Server:
    """What serves all connections, and those that are open."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._open: set[Protocol] = set()

    def protocol(self, closed: Callable[[], None]) -> Protocol:
        """A protocol for one more connection; `closed` is called at its end."""

        def forget(connection: Protocol) -> None:
            self._open.discard(connection)
            closed()

        return Protocol(self._app, self._open.add, forget)

    async def close(self, patience: float) -> None:
        """End all connections: those that are idle at once, the others when they are, or after so many seconds."""
        for connection in list(self._open):
            connection.shutdown()
        tasks = [one.task for one in self._open if one.task and one.task is not asyncio.current_task()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for connection in list(self._open):
            connection.abort()
