"""A release: `python docs/release.py VERSION [DATE]` sets the version wherever it stands and collects the notes of `changes/`.

A note is a file `changes/NAME.KIND.md` with one paragraph for who uses the agent; KIND is one of KINDS. One file for each change, so
that two branches don't edit the same line; no tool but this one, since it takes less code than the settings of another.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

TOP: Final = Path(__file__).resolve().parents[1]
# What each kind is called in the change log, in its order there: https://keepachangelog.com.
KINDS: Final = {
    "added": "Added",
    "changed": "Changed",
    "deprecated": "Deprecated",
    "removed": "Removed",
    "fixed": "Fixed",
    "security": "Security",
}
_NOTE: Final = re.compile(rf"[a-z0-9-]+\.({'|'.join(KINDS)})\.md")
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")
# A version of ours: the project's own, that of a distribution of ours that another one needs, or the program's word for it.
_STANDS: Final = re.compile(r'(?m)(^version = "|"opensvc-[a-z-]+==|^__version__ = "|^AGENT: Final = ")\d+\.\d+\.\d+')
_API: Final = re.compile(r'(?m)(^API_VERSION: Final = ")\d+\.\d+')
_PROGRAMS: Final = ("opensvc_core/__init__.py", "opensvc_core/api.py", "plugins/daemon/opensvc_daemon/monitor/configuring.py")


class WrongNote(Exception):
    """A file in `changes/` that is no note."""


class Note(NamedTuple):
    """One change."""

    kind: str
    text: str


def notes(top: Path = TOP) -> dict[Path, Note]:
    """The notes since the last release. Raises WrongNote."""
    return {file: _note(file) for file in sorted((top / "changes").glob("[!.]*"))}


def _note(file: Path) -> Note:
    kind = _NOTE.fullmatch(file.name)
    if kind is None:
        raise WrongNote(f"{file.name}: a note is called NAME.KIND.md, KIND is one of {', '.join(KINDS)}")
    text = file.read_text("utf-8").strip()
    if not text or "\n\n" in text or text[-1] not in ".)`":
        raise WrongNote(f"{file.name}: a note is one paragraph of whole sentences")
    return Note(kind[1], text)


def section(version: str, date: str, found: Sequence[Note]) -> str:
    """What the change log says of a version."""
    parts = [f"## {version} ({date})"]
    for kind, title in KINDS.items():
        lines = [f"- {' '.join(note.text.split())}" for note in found if note.kind == kind]
        parts += [f"### {title}", "\n".join(lines)] if lines else []
    return "\n\n".join(parts) + "\n"


def holders(top: Path = TOP) -> Iterator[Path]:
    """The files in which the version stands."""
    yield from (top / name for name in _PROGRAMS)
    yield top / "pyproject.toml"
    yield from sorted(path for home in ("plugins", "drivers_linux", "drivers_docker") for path in (top / home).glob("*/pyproject.toml"))


def set_version(version: str, top: Path = TOP) -> None:
    """Set it everywhere."""
    for file in holders(top):
        text = _STANDS.sub(rf"\g<1>{version}", file.read_text("utf-8"))
        file.write_text(_API.sub(rf"\g<1>{version.rpartition('.')[0]}", text), "utf-8")


def release(version: str, date: str, top: Path = TOP) -> None:
    """Do all of it. Raises WrongNote, and has then done nothing."""
    found = notes(top)
    log = top / "CHANGELOG.md"
    head, mark, rest = log.read_text("utf-8").partition("\n## ")
    log.write_text(f"{head}\n{section(version, date, list(found.values()))}{mark}{rest}", "utf-8")
    set_version(version, top)
    for file in found:
        file.unlink()


def main(arguments: Sequence[str]) -> int:
    """The command."""
    version, date = arguments[0] if arguments else "", arguments[1] if len(arguments) > 1 else datetime.now(UTC).date().isoformat()
    if not _VERSION.fullmatch(version):
        print("usage: docs/release.py VERSION [DATE], VERSION such as 3.1.0", file=sys.stderr)
        return 2
    try:
        release(version, date)
    except WrongNote as error:
        print(f"docs/release.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
