"""Events: what happens in the cluster, as this node learns of it, numbered without a gap."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from collections.abc import AsyncGenerator, Collection
from contextlib import suppress
from pathlib import Path
from time import time
from typing import Any

from opensvc_daemon.monitor.writing import read_json, write_json

KEPT = 1000
# What waits for a reader that is slow.
WAITING = 1000
# Numbers of one life.
_RESERVED = 1_000_000_000
Json = dict[str, Any]


def reserved(file: Path) -> int:
    """A number above all that lives before this one may have given, whatever the clock says; the next life will be above this one's."""
    before = read_json(file)
    first = max(int(time() * 1e6), before if isinstance(before, int) else 0)
    with suppress(OSError):  # without a disk the clock has to do
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, first + _RESERVED)
    return first


class Events:
    """The last ones, and who reads them. `last`: the number before the first one of this life."""

    def __init__(self, last: int = 0) -> None:
        self._last = last
        # packed: with all of their instances they would take more memory than all else that the monitor knows
        self._kept: deque[bytes] = deque(maxlen=KEPT)
        self._readers: set[_Reader] = set()

    def publish(self, kind: str, node: str = "", service: str = "", data: Json | None = None) -> int:
        """Something has happened."""
        self._last += 1
        event = {"id": self._last, "kind": kind, "at": time(), "node": node, "service": service, "data": data or {}}
        self._kept.append(zlib.compress(json.dumps(event).encode(), 1))
        for reader in self._readers:
            reader.take(event)
        return self._last

    async def subscribe(
        self, *, after: int | None = None, kinds: Collection[str] = (), services: Collection[str] = ()
    ) -> AsyncGenerator[Json, None]:
        """The events from now on, and those after a number that are kept."""
        reader = _Reader(frozenset(kinds), frozenset(services))
        if after is not None:
            self._give(reader, after)
        self._readers.add(reader)
        try:
            while True:
                yield await reader.next()
        finally:
            self._readers.discard(reader)

    def _give(self, reader: _Reader, after: int) -> None:
        for number, packed in enumerate(self._kept, self._last - len(self._kept) + 1):
            if number > after:
                reader.take(json.loads(zlib.decompress(packed)))


class _Reader:
    """One who reads. When it is too slow the oldest are dropped, and it is told how many."""

    def __init__(self, kinds: frozenset[str], services: frozenset[str]) -> None:
        self._kinds, self._services = kinds, services
        self._waiting: deque[Json] = deque()
        self._missed: Json | None = None
        self._news = asyncio.Event()

    def take(self, event: Json) -> None:
        if (self._kinds and event["kind"] not in self._kinds) or (self._services and event["service"] not in self._services):
            return
        self._waiting.append(event)
        if len(self._waiting) > WAITING:
            dropped = self._waiting.popleft()
            count = self._missed["data"]["count"] + 1 if self._missed else 1
            self._missed = {**dropped, "kind": "missed", "node": "", "service": "", "data": {"count": count}}
        self._news.set()

    async def next(self) -> Json:
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        if self._missed is not None:
            missed, self._missed = self._missed, None
            return missed
        return self._waiting.popleft()
