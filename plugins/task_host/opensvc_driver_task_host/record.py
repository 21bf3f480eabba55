"""The record of a task's last run: when it was and what it came to."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
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


def write(file: Path, run: Run) -> None:
    """Replace the record as a whole. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(asdict(run)) + "\n", encoding="utf-8")
    temporary.replace(file)
