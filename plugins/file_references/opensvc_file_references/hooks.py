"""What this distribution brings."""

from __future__ import annotations

from opensvc_core.api import hookimpl
from opensvc_file_references.reading import read


@hookimpl
def opensvc_resolve_reference(prefix: str, name: str) -> str | None:
    """The text of the file that `{file://PATH}` names."""
    return read(name) if prefix == "file" else None
