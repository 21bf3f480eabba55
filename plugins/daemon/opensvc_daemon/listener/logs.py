"""Logs: the last lines of a file, and those that come."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, NamedTuple

from opensvc_core.system.logfile import before

# Seconds between two looks at a file that is followed.
_PAUSE: Final = 0.2
_CHUNK: Final = 65536
# At most so much is read of what was written before.
_BACK: Final = 1024 * 1024


class Place(NamedTuple):
    """So many bytes into the file with this number; 0: there was none."""

    number: int
    offset: int


def last_lines(file: Path, count: int) -> tuple[list[str], Place]:
    """The last lines of a file and of the one that was put aside before it, of a megabyte at most, and the place behind them."""
    data, place = _tail(file, _BACK)
    older, _ = _tail(Path(before(file)), _BACK - len(data))
    lines = (older + data).decode(errors="replace").splitlines()
    return lines[-count:] if count else [], place


async def follow(file: Path, place: Place) -> AsyncGenerator[list[str], None]:
    """The lines written behind a place, as they come, without an end; also when the file is put aside, replaced or cut."""
    rest = b""
    while True:
        data, now = await asyncio.to_thread(_news, file, place)
        if now.number != place.number or now.offset < place.offset:
            rest = b""
        place = now
        if data:
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-_CHUNK:]
            yield [line.decode(errors="replace") for line in lines]
        if len(data) < _CHUNK:
            await asyncio.sleep(_PAUSE)


def _tail(file: Path, most: int) -> tuple[bytes, Place]:
    """Whole lines of the end of a file; nothing where there is none."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - most))
            data = stream.read(most)
            whole = data[: data.rfind(b"\n") + 1]
            return whole, Place(os.fstat(stream.fileno()).st_ino, size - len(data) + len(whole))
    except FileNotFoundError:
        return b"", Place(0, 0)


def _news(file: Path, place: Place) -> tuple[bytes, Place]:
    """What was written behind a place, and the place behind that: first to the end of a file that was put aside, then in the new one."""
    for one in (file, Path(before(file))):
        try:
            with one.open("rb") as stream:
                found = os.fstat(stream.fileno())
                if found.st_ino == place.number:
                    offset = stream.seek(place.offset if found.st_size >= place.offset else 0)
                    data = stream.read(_CHUNK)
                    if data or one == file:
                        return data, Place(place.number, offset + len(data))
        except FileNotFoundError:
            continue
    return b"", Place(_number(file), 0)


def _number(file: Path) -> int:
    try:
        return file.stat().st_ino
    except OSError:
        return 0
