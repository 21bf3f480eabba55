"""edit config: the configuration in an editor, checked before it counts."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import Target, configurations
from opensvc_core.errors import ActionFailed, ActionRefused, OpensvcError, UsageError
from opensvc_core.instance.store import parse
from opensvc_core.system import files


def run(session: Session, _arguments: Arguments) -> int:
    """Edit a copy; the file is replaced when the copy has no errors and nobody else has changed the file meanwhile."""
    targets = configurations(session)
    if len(targets) != 1:
        raise UsageError(f"one file at a time; {session.selector!r} names {len(targets)}")
    target = targets[0]
    read = target.text()
    if not os.access(target.file.parent, os.W_OK):
        raise ActionRefused(f"no right to write {target.file}; 'print config' shows it")
    copy = session.paths.scratch() / f"{target.file.name}.{os.getpid()}.edit"
    files.write_atomically(copy, read, mode=0o600)
    try:
        _edit(copy)
    except OpensvcError as error:
        if files.read_text(copy) != read:
            error.args = (f"{error}; your text is kept in {copy}",)
        else:
            files.remove(copy)
        raise
    text = files.read_text(copy) or ""
    if text != read:
        _replace(target, read, text, copy)
    files.remove(copy)
    return 0


def _replace(target: Target, read: str, text: str, copy: Path) -> None:
    try:
        target.replace(read, parse(text, target.file))
    except OpensvcError as error:
        error.args = (f"{error}; {target.file} is as it was, and your text is kept in {copy}",)
        raise


def _edit(copy: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if not editor and not sys.stdin.isatty():
        raise UsageError("there is no terminal to edit on; the variable EDITOR names an editor that needs none, or use 'set'")
    editor = editor or "vi"
    signal.signal(signal.SIGINT, lambda _number, _frame: None)  # the terminal's ^C is the editor's alone
    try:
        code = subprocess.run([*shlex.split(editor), str(copy)], check=False).returncode
    except OSError as error:
        raise ActionFailed(f"the editor {editor!r} can't be run: {error.strerror}; the variable EDITOR names another") from error
    if code:
        raise ActionFailed(f"the editor {editor!r} ended with exit code {code}; nothing is changed")
