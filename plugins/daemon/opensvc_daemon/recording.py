"""Recording: the record of decisions on the disk, below `var/node`: of two files the older one is forgotten when the newer one is full."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from opensvc_daemon.orchestration.orders import Decision
from opensvc_daemon.orchestration.record import Record
from opensvc_daemon.orchestration.view import View

NAME: Final = "decisions"
# Bytes of both files together.
LIMIT: Final = 1 << 20
_LENGTH: Final = struct.Struct(">I")


class Recording:
    """The files as they are written: each entry after its length."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, view: View, now: float, decision: Decision) -> None:
        """Write a decision down."""
        record = Record(LIMIT // 2)
        record.note(view, now, decision)
        with suppress(OSError):  # a full disk keeps nobody from deciding
            self._append(b"".join(_LENGTH.pack(len(entry)) + entry for entry in record.entries))

    def _append(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size + len(data) > LIMIT // 2:
            self._path.replace(_before(self._path))
        with self._path.open("ab") as file:
            file.write(data)


def read_record(folder: Path) -> Record:
    """The decisions that a node has recorded in `var/node`, the oldest first. Raises OSError."""
    path = folder / NAME
    return _read(one for one in (_before(path), path) if one.exists())


def read_file(path: Path) -> Record:
    """Those of one such file. Raises OSError."""
    return _read([path])


def _before(path: Path) -> Path:
    return path.with_suffix(".before")


def _read(paths: Iterable[Path]) -> Record:
    """What was cut at the end of a file is left out."""
    record = Record(LIMIT)
    for path in paths:
        data = path.read_bytes()
        while len(data) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
            if end <= len(data):
                record.append(data[_LENGTH.size : end])
            data = data[end:]
    return record
