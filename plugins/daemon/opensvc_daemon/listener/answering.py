"""Answering: how an answer is written: whole, in pieces, or as a stream, at the pace of who reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

from opensvc_daemon.listener.pieces import pieces
from opensvc_daemon.listener.turn import Turn

# A stream that has nothing to tell sends an empty line, so that both ends learn that the other is gone.
QUIET_SECONDS: Final = 10.0
# A reader that takes nothing for so long is cut.
READER_SECONDS: Final = 30.0


class Answering:
    """The answer to one request: begun once, and never left half done without the other end noticing."""

    def __init__(self, turn: Turn, request: str) -> None:
        self._turn, self._request, self._is_begun = turn, request, False

    async def begin(self, code: int, kind: str, length: int | None = None, *, closes: bool = False) -> None:
        """Write the head. `length`: bytes that follow; None: they come in chunks. `closes`: the connection ends with the answer."""
        headers = [(b"content-type", kind.encode("latin-1")), (b"x-request-id", self._request.encode())]
        headers += [(b"content-length", str(length).encode())] if length is not None else []
        headers += [(b"connection", b"close")] if closes else []
        headers += [(b"www-authenticate", b"Bearer")] if code == 401 else []
        self._is_begun = True
        await self._turn.begin(code, headers)

    async def whole(self, code: int, kind: str, data: bytes, *, closes: bool = False) -> None:
        """Write an answer at once."""
        await self.begin(code, kind, len(data), closes=closes)
        await self._write(data, more=False)

    async def document(self, code: int, chunks: Iterable[bytes]) -> None:
        """JSON; a large one in chunks, with room for others in between."""
        source = iter(chunks)
        first, second = next(source, b""), next(source, None)
        if second is None:
            return await self.whole(code, "application/json", first)
        await self.begin(code, "application/json")
        await self._write(first)
        for chunk in chain([second], source):
            await asyncio.sleep(0)
            await self._write(chunk)
        await self._write(b"", more=False)
        return None

    async def refuse(self, code: int, text: str) -> None:
        """Tell what is wrong; the connection ends, for the rest of the request may still be coming."""
        if self._is_begun:
            return self.cut()
        (data,) = pieces({"error": text, "id": self._request})
        return await self.whole(code, "application/json", data, closes=True)

    def cut(self) -> None:
        """Leave the answer without its end: the server closes the connection then, and the reader sees that it was cut."""

    async def follow(self, source: Any, *, is_lines: bool) -> None:
        """Write what comes, until it ends or the reader has gone."""
        gone = asyncio.ensure_future(self._turn.gone())
        coming = asyncio.ensure_future(anext(source, None))
        try:
            while True:
                done, _ = await asyncio.wait({gone, coming}, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if gone in done:
                    return
                if coming not in done:
                    await self._write(b"\n" if is_lines else b"")
                    continue
                found = coming.result()
                if found is None:
                    return await self._write(b"", more=False)
                for chunk in chain(pieces(found), (b"\n",)) if is_lines else (found,):
                    await self._write(chunk)
                coming = asyncio.ensure_future(anext(source, None))
        finally:
            for task in (gone, coming):
                task.cancel()
            await asyncio.gather(gone, coming, return_exceptions=True)

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(READER_SECONDS):
            await self._turn.write(data, more=more)
