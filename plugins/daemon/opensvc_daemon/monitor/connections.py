"""Connections: to beat and to the runner, made anew whenever they are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from opensvc_daemon.channel import AsyncChannel, open_channel

Json = dict[str, Any]
_FIRST, _LONGEST = 0.05, 1.0


class Connection:
    """One of them.

    Parameters:
        connected: called each time that the other side answers, before anything of it is read.
        told: called with each message. lost: called when the connection is gone.
    """

    def __init__(
        self, path: Path, *, connected: Callable[[], Awaitable[None]], told: Callable[[Json], None], lost: Callable[[], None]
    ) -> None:
        self._path, self._connected, self._told, self._lost = path, connected, told, lost
        self._channel: AsyncChannel | None = None
        self._unsent: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    @property
    def is_open(self) -> bool:
        """The other side is there."""
        return self._channel is not None

    async def run(self) -> None:
        """Keep it, until this is cancelled."""
        pause = _FIRST
        while True:
            try:
                self._channel = await open_channel(self._path)
            except OSError:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST)
                continue
            pause = _FIRST
            try:
                await self._serve(self._channel)
            finally:
                self._channel.close()
                self._channel = None
            self._lost()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send, in order; what is sent while nobody is there is lost."""
        if self._channel is not None:
            self._unsent.put_nowait(message)

    async def flush(self) -> None:
        """Wait until all is sent, or the connection is gone."""
        while self._channel is not None and not self._unsent.empty():
            await asyncio.sleep(0.005)

    async def _serve(self, channel: AsyncChannel) -> None:
        self._unsent = asyncio.Queue()
        writing = asyncio.create_task(self._write(channel, self._unsent))
        try:
            await self._connected()
            while (message := await channel.receive()) is not None:
                self._told(message)
            if writing.done() and (error := writing.exception()) is not None:
                raise error  # what can't be sent is a fault of ours
        except OSError:
            pass  # the same as its end: it is made anew
        finally:
            writing.cancel()

    async def _write(self, channel: AsyncChannel, unsent: asyncio.Queue[Mapping[str, Any]]) -> None:
        try:
            while True:
                await channel.send(await unsent.get())
        except OSError:
            channel.close()  # the reader notices
        except ValueError:
            channel.close()
            raise
