"""The record of a task's last run: when it was begun, when it ended and what it came to."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """A run that has ended: its exit code (None: it was ended when its time was up) and the moment (ISO 8601, UTC)."""

    code: int | None
    moment: str


def read(file: Path) -> Run | None:
    """The last run; None before the first, or where the record is damaged (the next run writes it anew). Raises OSError."""
    try:
        return Run(**json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def begin(file: Path, moment: str) -> None:
    """Record that a run begins. Raises OSError."""
    _replace(file, moment + "\n")


def begun(file: Path, ended: Path) -> float | None:
    """When the last run was begun, in seconds since 1970-01-01 UTC; where that is not known, when it ended. Raises OSError."""
    last = read(ended)
    for text in (_text(file), last.moment if last else ""):
        try:
            return datetime.fromisoformat(text).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def write(file: Path, run: Run) -> None:
    """Replace the record as a whole. Raises OSError."""
    _replace(file, json.dumps(asdict(run)) + "\n")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
