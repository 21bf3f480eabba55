"""The peers: calls of other members' APIs from the loop, over mutual TLS."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, NamedTuple

import h11

from opensvc_core.api import ActionFailed, Node, OpensvcError
from opensvc_daemon.client import KINDS
from opensvc_daemon.trust.contexts import reason
from opensvc_daemon.trust.places import place_of

PASSED_ON: Final = "x-opensvc-passed-on"
_CONNECT: Final = 3.0
_LARGEST: Final = 8 * 1024 * 1024
_CHUNK: Final = 65536


class Answer(NamedTuple):
    """The begin of an answer, and the bytes that follow; who does not read them to their end closes it."""

    status: int
    kind: str
    chunks: AsyncIterator[bytes]
    close: Callable[[], None]


class Peers:
    """The members, as this node calls them.

    Parameters: `context` gives the TLS context that counts now.
    """

    def __init__(self, node: Node, context: Callable[[], ssl.SSLContext]) -> None:
        self._node, self._context = node, context

    async def call(
        self, member: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, request: str = "", limit: float = 10.0
    ) -> Any:
        """The JSON of a member's answer. Raises ActionFailed where it can't be reached in `limit` seconds, and what it refuses with."""
        try:
            async with asyncio.timeout(limit):
                data = b"" if body is None else json.dumps(body).encode()
                answer = await self.open(member, method, path, data, request=request)
                try:
                    text = await _all(answer.chunks)
                finally:
                    answer.close()
        except TimeoutError as error:
            raise ActionFailed(f"{member} did not answer in {limit:g} s") from error
        try:
            found = json.loads(text) if text else {}
        except ValueError as error:
            raise ActionFailed(f"{member}: the answer was cut") from error
        if answer.status >= 300:
            raise KINDS.get(answer.status, OpensvcError)(f"{member}: {found.get('error', answer.status)}")
        return found

    async def open(self, member: str, method: str, target: str, body: bytes, *, request: str = "") -> Answer:
        """Send a call, and the begin of the answer. Raises ActionFailed where the member can't be reached."""
        place = await asyncio.to_thread(place_of, self._node, member)
        try:
            async with asyncio.timeout(_CONNECT):
                reader, writer = await asyncio.open_connection(
                    *place, ssl=self._context(), server_hostname=member, ssl_handshake_timeout=_CONNECT
                )
        except OSError as error:
            raise ActionFailed(f"{member} can't be reached at {place.host} port {place.port}: {reason(error) or 'no answer'}") from error
        wire = _Wire(reader, writer)
        try:
            return await wire.ask(member, method, target, body, {PASSED_ON: self._node.name, "x-request-id": request or "-"})
        except (OSError, h11.RemoteProtocolError) as error:
            wire.close()
            raise ActionFailed(f"{member} broke off: {error or type(error).__name__}") from error
        except BaseException:
            wire.close()
            raise


class _Wire:
    """One connection, for one call."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, member: str, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        sent = {"host": member, "connection": "close", "content-type": "application/json", "content-length": str(len(body)), **headers}
        for event in (h11.Request(method=method, target=target, headers=list(sent.items())), h11.Data(data=body), h11.EndOfMessage()):
            self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()
        event = await self._next()
        while isinstance(event, h11.InformationalResponse):
            event = await self._next()
        if not isinstance(event, h11.Response):
            raise ConnectionResetError("no answer")
        kind = next((value.decode("latin-1") for name, value in event.headers if name == b"content-type"), "")
        return Answer(event.status_code, kind, self._chunks(), self.close)

    def close(self) -> None:
        """All was read, or is not wanted: a farewell of TLS would wait up to 30 s for a member that has gone."""
        self._writer.transport.abort()

    async def _chunks(self) -> AsyncIterator[bytes]:
        try:
            while isinstance(event := await self._next(), h11.Data):
                yield bytes(event.data)
        except (OSError, h11.RemoteProtocolError):
            return  # cut: who reads JSON sees it
        finally:
            self.close()

    async def _next(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_CHUNK))
        return event


async def _all(chunks: AsyncIterator[bytes]) -> bytes:
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) > _LARGEST:
            raise ActionFailed(f"an answer of more than {_LARGEST} bytes")
    return bytes(found)
