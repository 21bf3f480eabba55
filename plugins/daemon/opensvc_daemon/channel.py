"""A channel: JSON objects between two processes of a node, over a unix socket that only root can reach.

Four bytes, the length with its highest byte first, stand before each object. Whatever is wrong with a connection is a ConnectionError.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

LARGEST: Final = 32 * 1024 * 1024
_LENGTH: Final = struct.Struct(">I")
_CHUNK: Final = 65536
# linux/socket.h; for root, above the limit of net.core.wmem_max
_SNDBUFFORCE: Final = 32
# A full buffer of a client that reads no more holds a blocking sender up for so long at most.
_SECONDS: Final = 5


class Garbled(ConnectionError):
    """What came over a channel is no message: nothing that follows can be understood."""


class Channel:
    """One end of a connection, blocking; one thread may send while another one receives.

    For a loop: `pull` reads what is there, `pending` gives the messages that are complete.
    """

    def __init__(self, sock: socket.socket) -> None:
        # not `settimeout`, which would hold for receiving too
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SECONDS, 0))
        self._socket = sock
        self._buffer = bytearray()

    def send(self, message: Mapping[str, Any], *, waits: bool = True) -> None:
        """Send one object. Raises ConnectionError, ValueError: it is too large or no JSON.

        Raises BlockingIOError where the other end does not read, for 5 s or, unless it `waits`, now; a part may have been sent: close it.
        """
        self._socket.sendall(_packed(message), 0 if waits else socket.MSG_DONTWAIT)

    def receive(self) -> dict[str, Any] | None:
        """The next object; None: the other end has closed. Raises ConnectionError."""
        while (message := self._next()) is None:
            if not self.pull():
                return None
        return message

    def pull(self) -> bool:
        """Read once, which waits where nothing is there; False: the other end has closed. Raises ConnectionError."""
        data = self._socket.recv(_CHUNK)
        self._buffer += data
        if not data and self._buffer:
            raise Garbled("the other end has closed amid a message")
        return bool(data)

    def pending(self) -> Iterator[dict[str, Any]]:
        """The objects that have been read as a whole. Raises Garbled."""
        while (message := self._next()) is not None:
            yield message

    def fileno(self) -> int:
        """For a selector."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _next(self) -> dict[str, Any] | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        end = _LENGTH.size + _length(self._buffer)
        if len(self._buffer) < end:
            return None
        message = _unpacked(bytes(self._buffer[_LENGTH.size : end]))
        del self._buffer[:end]
        return message


class AsyncChannel:
    """One end of a connection, for asyncio."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one object; waits while much is unsent. Raises ConnectionError, ValueError: it is too large or no JSON."""
        self._writer.write(_packed(message))
        await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """The next object; None: the other end has closed. Raises ConnectionError."""
        from asyncio import IncompleteReadError  # noqa: PLC0415 - costs; who has such a channel has paid for it

        try:
            length = _length(await self._reader.readexactly(_LENGTH.size))
            return _unpacked(await self._reader.readexactly(length))
        except IncompleteReadError as error:
            if error.partial or error.expected != _LENGTH.size:
                raise Garbled("the other end has closed amid a message") from error
            return None

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


def connect(path: str | Path) -> Channel:
    """A channel to the process that listens there. Raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(path) as address:
            sock.connect(address)
    except OSError:
        sock.close()
        raise
    return Channel(sock)


async def open_channel(path: str | Path) -> AsyncChannel:
    """A channel to the process that listens there. Raises OSError."""
    import asyncio  # noqa: PLC0415 - costs; beat and runner do without it

    with _address(path) as address:
        return AsyncChannel(*await asyncio.open_unix_connection(address))


def listen(path: str | Path) -> socket.socket:
    """A listening socket with mode 0600, in the place of one that nobody serves any more. Raises OSError: it is served."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(sock.fileno(), 0o600)  # Linux gives the file the mode of the socket: it is never open to others
        _remove_stale(path)
        with _address(path) as address:
            sock.bind(address)
        sock.listen(16)
    except OSError:
        sock.close()
        raise
    return sock


def accept(listening: socket.socket, *, buffer: int = 0) -> Channel:
    """The next one who connects; `buffer`: bytes that may wait to be read there, where the kernel's default (some 200,000) is too few."""
    connected, _ = listening.accept()
    if buffer:
        with contextlib.suppress(PermissionError):
            connected.setsockopt(socket.SOL_SOCKET, _SNDBUFFORCE, buffer)
    return Channel(connected)


def _remove_stale(path: str | Path) -> None:
    try:
        connect(path).close()
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        Path(path).unlink()
        return
    raise OSError(errno.EADDRINUSE, f"another process serves {path}")


@contextlib.contextmanager
def _address(path: str | Path) -> Iterator[str]:
    """A short name of a path, as the address of a unix socket has 107 bytes at most."""
    folder = os.open(Path(path).parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{Path(path).name}"
    finally:
        os.close(folder)


def _packed(message: Mapping[str, Any]) -> bytes:
    data = json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    if len(data) > LARGEST:
        raise ValueError(f"a message of {len(data)} bytes is over {LARGEST}")
    return _LENGTH.pack(len(data)) + data


def _length(data: bytes | bytearray) -> int:
    (length,) = _LENGTH.unpack_from(data)
    if length > LARGEST:
        raise Garbled(f"a message of {length} bytes is over {LARGEST}")
    return int(length)


def _unpacked(data: bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"a message that is no JSON: {error}") from error
    if not isinstance(message, dict):
        raise Garbled("a message that is no JSON object")
    return message
