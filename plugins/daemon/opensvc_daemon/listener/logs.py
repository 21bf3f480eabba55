"""Logs: the last lines of a file, and those that come."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

# Seconds between two looks at a file that is followed.
_PAUSE: Final = 0.2
_CHUNK: Final = 65536
# At most so much is read of what was written before.
_BACK: Final = 1024 * 1024


def last_lines(file: Path, count: int) -> tuple[list[str], int]:
    """The last lines of a file, of its last megabyte at most, and the place behind them; none where there is no file."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _BACK))
            data = stream.read(_BACK)
    except FileNotFoundError:
        return [], 0
    whole = data[: data.rfind(b"\n") + 1]
    lines = whole.decode(errors="replace").splitlines()
    return lines[-count:] if count else [], size - len(data) + len(whole)


async def follow(file: Path, place: int) -> AsyncGenerator[list[str], None]:
    """The lines written behind a place, as they come, without an end; a file that is replaced or cut is read from its begin."""
    rest, number = b"", _inode(file)
    while True:
        now = _inode(file)
        data = await asyncio.to_thread(_read, file, place) if now else b""
        if now != number or _size(file) < place:
            rest, number, place = b"", now, 0
            continue
        if data:
            place += len(data)
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-_CHUNK:]
            yield [line.decode(errors="replace") for line in lines]
        if len(data) < _CHUNK:
            await asyncio.sleep(_PAUSE)


def _read(file: Path, place: int) -> bytes:
    try:
        with file.open("rb") as stream:
            stream.seek(place)
            return stream.read(_CHUNK)
    except FileNotFoundError:
        return b""


def _inode(file: Path) -> int:
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
