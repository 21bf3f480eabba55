"""logs: what was done to a service, as its log file has it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO

from opensvc_core.cli.acting import printer
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import services
from opensvc_core.errors import ActionRefused, UsageError
from opensvc_core.instance.journal import read
from opensvc_core.system.logfile import before

_PAUSE = 0.2


def run(session: Session, arguments: Arguments) -> int:
    """Print the last lines in the layout of the command, and with -f those that follow."""
    with printer(session, session.stdout) as show:
        for lines in [iter(session.lines)] if session.lines is not None else _logs(session, arguments):
            for event in read(lines):
                show(event)
    return 0


def _logs(session: Session, arguments: Arguments) -> list[Iterator[str]]:
    """The lines of the node's log, or of each service's."""
    if session.scope == "node":
        files = [session.paths.log / "node.log"]
    else:
        files = [session.paths.log_file(service.path) for service in services(session)]
    if arguments.follow and len(files) != 1:
        raise UsageError("--follow follows the log of one service")
    return [_following(file, arguments.lines) if arguments.follow else _last(file, arguments.lines) for file in files]


def _last(file: Path, count: int | None) -> Iterator[str]:
    """Those of the file that was put aside come first."""
    return _cut(chain(_read(Path(before(file))), _read(file)), count)


def _cut(lines: Iterator[str], count: int | None) -> Iterator[str]:
    return lines if count is None else iter(deque(lines, maxlen=count))


def _read(file: Path) -> Iterator[str]:
    if stream := _open(file):
        with stream:
            yield from stream


def _following(file: Path, count: int | None) -> Iterator[str]:
    """The last lines, then new ones as they come, also when the file is made, moved away or begun anew."""
    stream = _open(file)
    begun = ""
    try:
        yield from _cut(chain(_read(Path(before(file))), stream or ()), count)
        while True:
            # what is left is read to its end
            is_left = stream is None or _is_another(stream, file)
            while begun := begun + (stream.readline() if stream else ""):
                if not begun.endswith("\n"):
                    break
                yield begun
                begun = ""
            if is_left:
                if stream:
                    stream.close()
                stream, begun = _open(file), ""
            if stream is None or not is_left:
                time.sleep(_PAUSE)
    finally:
        if stream:
            stream.close()


def _open(file: Path) -> TextIO | None:
    try:
        return file.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise ActionRefused(f"no right to read {file}") from error


def _is_another(stream: TextIO, file: Path) -> bool:
    try:
        found = file.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(stream.fileno())
    return (found.st_ino, found.st_dev) != (opened.st_ino, opened.st_dev) or found.st_size < stream.tell()
