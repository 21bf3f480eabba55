"""The output of a command: read as it comes, cut into lines, kept up to a size."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Protocol

# Called with the stream (`stdout`, `stderr`) and a line without its end.
OnLine = Callable[[str, str], None]

_CHUNK: Final = 65536
# The greatest pipe that a process may ask for (pipe(7)): more can't have been in it when its writer ended.
_PIPE: Final = 1 << 20
# A longer line is passed on in pieces.
_LONGEST_LINE: Final = 65536


class Lines:
    """Bytes in, lines out; the first `keep` bytes are kept."""

    def __init__(self, stream: str, on_line: OnLine | None, keep: int) -> None:
        self.stream = stream
        self._on_line, self._keep = on_line, keep
        self._kept = bytearray()
        self._partial = b""

    @property
    def text(self) -> str:
        """What is kept of it."""
        return _decoded(bytes(self._kept))

    def feed(self, data: bytes) -> None:
        """Take what has come, and pass on the lines that are whole."""
        self._kept += data[: max(0, self._keep - len(self._kept))]
        if self._on_line is None:
            return
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._pass_on(line)
        while len(self._partial) > _LONGEST_LINE:
            piece, self._partial = self._partial[:_LONGEST_LINE], self._partial[_LONGEST_LINE:]
            self._pass_on(piece)

    def finish(self) -> None:
        """Pass on a last line without an end."""
        line, self._partial = self._partial, b""
        if line:
            self._pass_on(line)

    def _pass_on(self, line: bytes) -> None:
        if self._on_line is not None:
            self._on_line(self.stream, _decoded(line))


class Reader(Protocol):
    """One source of output. `descriptor` can be polled; None: it has to be looked at from time to time."""

    lines: Lines
    descriptor: int | None

    def read(self) -> bool:
        """Pass on what is there now, without waiting. False: nothing more can come."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class PipeReader:
    """The reading end of a pipe, which it closes in the end."""

    def __init__(self, pipe: IO[bytes], lines: Lines) -> None:
        self.descriptor: int | None = pipe.fileno()
        self._pipe = pipe
        self.lines = lines
        os.set_blocking(pipe.fileno(), False)

    def read(self) -> bool:
        # Bounded: a daemon that keeps the pipe and never stops writing must not keep us here.
        for _ in range(_PIPE // _CHUNK):
            try:
                data = os.read(self._pipe.fileno(), _CHUNK)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.lines.feed(data)
        return True

    def close(self) -> None:
        self._pipe.close()


class TailReader:
    """What others append to a file from now on."""

    descriptor: int | None = None

    def __init__(self, path: Path, lines: Lines) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._offset = os.fstat(self._file).st_size
        self.lines = lines

    def read(self) -> bool:
        # all that is there by now, and no more: a file has no end while it grows
        end = os.fstat(self._file).st_size
        while self._offset < end and (data := os.pread(self._file, _CHUNK, self._offset)):
            self._offset += len(data)
            self.lines.feed(data)
        return True

    def close(self) -> None:
        os.close(self._file)


def open_output(path: Path, keep: int) -> int:
    """Open the file for an application's output, for appending; one that has grown beyond `keep` bytes starts anew.

    Readable for us alone. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if os.fstat(descriptor).st_size > keep:
        os.ftruncate(descriptor, 0)
    return descriptor


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
