"""The gate: a listening socket, and how many may come in by it, in all and from one source, before anything else is looked at."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from opensvc_daemon.listener.identity import neighbourhood, peer_of, plain_address

# TLS: a handshake has to come to its end in so many seconds.
HANDSHAKE_SECONDS: Final = 5.0
OWNER: Final = ""
_AT_ONCE: Final = 16
_PAUSE: Final = 0.2
# accept(2): errors of the connection that was to be taken, or of a process that has too much open; the next may be better
_SCARCE: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Gate:
    """Takes connections and makes protocols of them, in the loop.

    Parameters: `protocol(closed)` makes one, `closed` has to be called at its end; `context` gives the TLS context that counts at that
    moment, so certificates are replaced while the socket stays; None: no TLS. `most`, `most_each`: connections in all, and from one source.
    A source is an address, or on a unix socket another user; the owner of the daemon is none, and is kept out by nobody.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[Callable[[], None]], asyncio.Protocol],
        *,
        context: Callable[[], ssl.SSLContext] | None = None,
        most: int,
        most_each: int,
    ) -> None:
        self._socket, self._protocol, self._context = listening, protocol, context
        self._most, self._most_each = most, most_each
        self._open: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        listening.setblocking(False)
        self._loop.add_reader(listening, self._take)

    @property
    def count(self) -> int:
        """How many are in."""
        return self._open.total()

    def close(self) -> None:
        """Take no more; who is in stays."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for task in self._tasks:
            task.cancel()

    def _take(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                taken, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _SCARCE:
                    self._rest()
                return
            source = _source(taken, address)
            if source is None or self._is_full(source):
                taken.close()
                continue
            self._let_in(taken, source)

    def _is_full(self, source: str) -> bool:
        if source == OWNER:
            return self._open[OWNER] >= self._most
        return self.count - self._open[OWNER] >= self._most or self._open[source] >= self._most_each

    def _let_in(self, taken: socket.socket, source: str) -> None:
        """In a task, as it takes a handshake. From the moment that there is a protocol the loop owns the socket, and closes it."""
        is_left = is_owned = False
        self._open[source] += 1

        def leave() -> None:
            nonlocal is_left
            if not is_left:
                is_left = True
                self._open[source] -= 1
                if self._open[source] <= 0:
                    del self._open[source]

        def protocol() -> asyncio.Protocol:
            nonlocal is_owned
            is_owned = True
            return self._protocol(leave)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not is_owned:  # perhaps it was ended before it began
                leave()
                taken.close()

        task = self._loop.create_task(self._enter(taken, protocol, leave))
        self._tasks.add(task)
        task.add_done_callback(ended)

    async def _enter(self, taken: socket.socket, protocol: Callable[[], asyncio.Protocol], leave: Callable[[], None]) -> None:
        taken.setblocking(False)
        tls: dict[str, Any] = {}
        if self._context:
            tls = {"ssl": self._context(), "ssl_handshake_timeout": HANDSHAKE_SECONDS, "ssl_shutdown_timeout": 1}
        try:
            if self._context:
                # asyncio does it for sockets of its own only; else 40 ms are lost
                taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(protocol, taken, **tls)
        except (OSError, ssl.SSLError, TimeoutError):
            leave()  # no TLS, or not in time, or a certificate of another cluster
        except BaseException:
            leave()
            raise

    def _rest(self) -> None:
        """Nothing can be opened: look again in a moment, instead of spinning."""
        self._loop.remove_reader(self._socket)

        def go_on() -> None:
            with suppress(ValueError, OSError):  # closed meanwhile
                if self._socket.fileno() >= 0:
                    self._loop.add_reader(self._socket, self._take)

        self._loop.call_later(_PAUSE, go_on)


def _source(taken: socket.socket, address: Any) -> str | None:
    """None: the kernel does not tell any more."""
    if taken.family != socket.AF_UNIX:
        return neighbourhood(plain_address(address[0]))
    try:
        _, uid = peer_of(taken)
    except OSError:
        return None
    return OWNER if uid in (0, os.geteuid()) else f"uid {uid}"
