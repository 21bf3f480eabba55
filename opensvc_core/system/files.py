"""Files: written so that a reader, or a power cut, finds the old text or the new one."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from opensvc_core.errors import ActionRefused, OpensvcError

# Bytes that are no UTF-8 survive reading and writing (PEP 383).
_ERRORS = "surrogateescape"


def write_atomically(path: Path, text: str, *, mode: int | None = None, is_durable: bool = True) -> None:
    """Replace the text of a file, at once and as a whole; folders are made when missing.

    An existing file keeps its owner and, unless `mode` is given, its mode; a link is followed to its target.
    `is_durable=False` spares the wait for the disk, for what the next command finds out anew. Raises ActionRefused
    when rights are missing, OpensvcError for a full disk and the like; then the old file is as it was.
    """
    try:
        _replace(Path(os.path.realpath(path)), text.encode("utf-8", _ERRORS), mode, is_durable=is_durable)
    except OSError as exc:
        raise _cannot("write", path, exc) from exc


def read_text(path: Path) -> str | None:
    """The text of a file, None when there is none. Raises OpensvcError when it can't be read."""
    try:
        return path.read_bytes().decode("utf-8", _ERRORS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise _cannot("read", path, exc) from exc


def write_json(path: Path, value: Any, *, mode: int | None = None, is_durable: bool = True) -> None:
    """Write a state file."""
    import json  # noqa: PLC0415 - 3 ms, which most commands are spared

    write_atomically(path, json.dumps(value) + "\n", mode=mode, is_durable=is_durable)


def read_json(path: Path) -> Any:
    """The value in a state file; None when it is missing or damaged (its author writes it anew)."""
    text = read_text(path)
    if text is None:
        return None
    import json  # noqa: PLC0415

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def touch(path: Path) -> None:
    """Make an empty file when missing, and set its time of modification to now."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as exc:
        raise _cannot("write", path, exc) from exc


def remove(path: Path) -> bool:
    """Remove a file or a link; False: there was none."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as exc:
        raise _cannot("remove", path, exc) from exc
    return True


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it; a missing one is no error."""
    from shutil import rmtree  # noqa: PLC0415 - its import takes 10 ms

    try:
        rmtree(path)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise _cannot("remove", path, exc) from exc


def _cannot(verb: str, path: Path, exc: OSError) -> OpensvcError:
    kind = ActionRefused if exc.errno in (errno.EACCES, errno.EPERM) else OpensvcError
    return kind(f"cannot {verb} {path}: {exc.strerror}")


def _replace(target: Path, data: bytes, mode: int | None, *, is_durable: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:200]}.{os.urandom(6).hex()}.tmp")
    try:
        _write_new(temporary, target, data, mode, is_durable=is_durable)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if is_durable:
        _sync_folder(target.parent)


def _write_new(temporary: Path, target: Path, data: bytes, mode: int | None, *, is_durable: bool) -> None:
    try:
        existing: os.stat_result | None = target.stat()
    except FileNotFoundError:
        existing = None
    # Where a mode is due, nobody reads the file before it has got it; else the umask decides.
    is_private = mode is not None or existing is not None
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600 if is_private else 0o666)
    with os.fdopen(descriptor, "wb") as file:
        if existing and (existing.st_uid, existing.st_gid) != (os.geteuid(), os.fstat(descriptor).st_gid):
            os.fchown(descriptor, existing.st_uid, existing.st_gid)
        if mode is not None:
            os.fchmod(descriptor, mode)
        elif existing:
            os.fchmod(descriptor, existing.st_mode & 0o7777)
        file.write(data)
        file.flush()
        if is_durable:
            os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
