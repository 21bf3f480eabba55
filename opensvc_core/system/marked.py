"""Marked files: what the agent writes for other programs (units, completions, manual pages) and knows again as its own.

A comment in each has a digest of all else. So a file that somebody has edited, or made, is told from one that may be replaced.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from opensvc_core.errors import ActionRefused
from opensvc_core.system import files

_MARK: Final = "{} Written by 'om node install {}' ({}).{}\n"
_LINE: Final = re.compile(r"^(?:#|\.\\\") Written by 'om node install \w+' \(([0-9a-f]{12})\)\..*\n", re.MULTILINE)


def marked(text: str, what: str, *, comment: str = "#", note: str = "", after: int = 0) -> str:
    """A text with its mark behind so many lines; `what` is the word of the command that writes it."""
    lines = text.splitlines(keepends=True)
    mark = _MARK.format(comment, what, _digest(text), f" {note}" if note else "")
    return "".join([*lines[:after], mark, *lines[after:]])


def install(wanted: Mapping[Path, str], *, overwrites: bool, remedy: str = "remove it") -> list[Path]:
    """Write files, and return those that were not there in this form.

    Raises ActionRefused, before anything is written: one was edited or made by somebody else (unless `overwrites`), or is a
    link; `remedy` says what to do about that.
    """
    found = {file: text for file, text in wanted.items() if file.is_symlink() or files.read_text(file) != text}
    _refuse_foreign(found, is_forced=overwrites, remedy=remedy)
    for file, text in found.items():
        files.write_atomically(file, text, mode=0o644)
    return list(found)


def uninstall(places: Iterable[Path], *, is_forced: bool, remedy: str = "remove it") -> list[Path]:
    """Remove those files that are there, and return them. Raises ActionRefused as `install`."""
    found = [file for file in places if os.path.lexists(file)]
    _refuse_foreign(found, is_forced=is_forced, remedy=remedy)
    return [file for file in found if files.remove(file)]


def _refuse_foreign(found: Collection[Path], *, is_forced: bool, remedy: str) -> None:
    """Refuse to touch what somebody else has made of a file."""
    for file in found:
        if file.is_symlink():
            raise ActionRefused(f"{file} is a link to {file.readlink()}; {remedy.format(file.name)}, and try again")
        text = files.read_text(file)
        if text is not None and not is_forced and not _is_ours(text):
            raise ActionRefused(f"{file} was not written by this command, or edited since; --force gives it up")


def _is_ours(text: str) -> bool:
    mark = _LINE.search(text)
    return mark is not None and _digest(text[: mark.start()] + text[mark.end() :]) == mark[1]


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
