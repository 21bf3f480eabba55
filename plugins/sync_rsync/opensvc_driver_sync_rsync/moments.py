"""The moments of a resource's copies, by node, in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


def read(file: Path) -> dict[str, float]:
    """When, in seconds since 1970-01-01 UTC, the copy was begun that each node is as fresh as.

    None are known before the first copy, or where the file is damaged. Raises OSError.
    """
    try:
        return {str(node): float(moment) for node, moment in json.loads(file.read_text(encoding="utf-8")).items()}
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, AttributeError):
        return {}


def note(file: Path, moments: Mapping[str, float]) -> None:
    """Remember moments, besides those known of other nodes. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps({**read(file), **moments}) + "\n", encoding="utf-8")
    temporary.replace(file)
