"""The door: the socket where the monitor tells beat what to do, and is told what beat sees."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

from opensvc_daemon.beat.loop import Loop
from opensvc_daemon.channel import Channel, accept

# Bytes that wait for a monitor that is busy; each message counts for a kilobyte at least.
_BUFFER = 8 * 1024 * 1024


class Door:
    """Of those who connect, the one counts as the monitor who spoke last for the first time. `take` gets what it says."""

    def __init__(self, listening: socket.socket, loop: Loop, take: Callable[[dict[str, Any]], None]) -> None:
        self._listening, self._loop, self._take = listening, loop, take
        self._monitor: Channel | None = None
        self._told: dict[str, Mapping[str, Any]] = {}
        loop.watch(listening.fileno(), self._accept)

    @property
    def is_open(self) -> bool:
        """There is a monitor."""
        return self._monitor is not None

    def tell(self, message: Mapping[str, Any]) -> None:
        """Tell a whole state, where it is another one than was told last."""
        if self._told.get(message["tell"]) != message and self._send(message):
            self._told[message["tell"]] = message

    def tell_once(self, message: Mapping[str, Any]) -> bool:
        """Tell something that is no state; False: there is no monitor."""
        return self._send(message)

    def forget_told(self) -> None:
        """Tell all states again."""
        self._told.clear()

    def close(self) -> None:
        """End it."""
        if self._monitor is not None:
            self._drop(self._monitor)
        self._loop.forget(self._listening.fileno())
        self._listening.close()

    def _accept(self) -> None:
        channel = accept(self._listening, buffer=_BUFFER)
        self._loop.watch(channel.fileno(), lambda: self._read(channel))

    def _read(self, channel: Channel) -> None:
        try:
            is_open = channel.pull()
            messages = list(channel.pending())
        except ConnectionError:
            is_open, messages = False, []
        if messages and channel is not self._monitor:
            self._admit(channel)
        for message in messages:
            self._take(message)
        if not is_open:
            self._drop(channel)

    def _admit(self, channel: Channel) -> None:
        if self._monitor is not None:
            self._drop(self._monitor)
        self._monitor = channel
        self.forget_told()

    def _drop(self, channel: Channel) -> None:
        if channel.fileno() >= 0:
            self._loop.forget(channel.fileno())
            channel.close()
        if channel is self._monitor:
            self._monitor = None

    def _send(self, message: Mapping[str, Any]) -> bool:
        """A monitor that doesn't read is left: it has to connect again."""
        if self._monitor is None:
            return False
        try:
            self._monitor.send(message, waits=False)
        except (OSError, ValueError):
            self._drop(self._monitor)
            return False
        return True
