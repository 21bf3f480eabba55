"""Programs: where one is, whether it can be run, and whose it is. Only files are looked at."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from pwd import getpwuid

_INTERPRETER = re.compile(rb"#![ \t]*([^ \t\n]+)")


def locate(program: str, *, search: str, cwd: str) -> Path | None:
    """The file of a program named by a path or found through `search` (a PATH); None where there is none."""
    if "/" in program:
        path = Path(cwd, program)
        return path if os.path.lexists(path) else None
    found = shutil.which(program, path=search)
    return Path(found) if found else None


def problem(program: str, *, search: str, cwd: str) -> str:
    """Why the program can't be run, with the way out, or an empty text."""
    path = locate(program, search=search, cwd=cwd)
    if path is None or not os.path.exists(path):  # noqa: PTH110 - Path.exists() raises where a folder is closed to us
        return f"{program}: not found{_where(program, search)}; install it, or correct the command"
    if path.is_dir():
        return f"{program}: is a directory"
    if not path.stat().st_mode & 0o111:
        return f"{program}: not executable; chmod +x it"
    if not os.access(path, os.X_OK):
        return f"{program}: uid {os.geteuid()} may not run it"
    return _wrong_interpreter(program, path)


def owner(path: Path | None) -> str:
    """The name (else the number) of the user that a program belongs to; empty where that is root, or there is no program."""
    try:
        uid = path.stat().st_uid if path else 0
    except OSError:
        return ""
    return user_name(uid) if uid else ""


def parent(pid: int) -> int:
    """The parent of a process, see proc(5), stat; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def user_name(uid: int) -> str:
    """The name of a user, or the number where it has none on this node."""
    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _where(program: str, search: str) -> str:
    if "/" not in program:
        return f" in {search}"
    return f" (or hidden from uid {os.geteuid()})" if os.geteuid() else ""


def _wrong_interpreter(program: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = _INTERPRETER.match(file.readline(256))
    except OSError:
        return ""
    interpreter = os.fsdecode(found[1]) if found else ""
    if not interpreter or shutil.which(interpreter):
        return ""
    return f"{program}: its first line names {interpreter!r}, which can't be run; correct it"
