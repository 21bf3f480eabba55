"""A page of the tutorial, taken apart: its titles, prose, files and commands; and how they look when they are told."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
WIDTH = 98
_PART = re.compile(
    r"^(?:#+ (?P<title>[^\n]+)"
    r"|(?:```|<!-- )(?P<kind>\w+)(?: (?P<name>\S+))?\n(?P<text>.*?)^(?:```|-->)$"
    r"|(?P<prose>(?:(?!```|<!--|#)[^\n]+\n)+))",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


class Part(NamedTuple):
    """A part of a page: a `title`, `prose`, or a block of some language, which may have the name of a file."""

    kind: str
    text: str
    name: str


def parts(page: str) -> Iterator[Part]:
    """The parts of a page, without what it says before its first section: that is for who reads it."""
    found = [_part(match) for match in _PART.finditer((HERE / page / "README.md").read_text(encoding="utf-8"))]
    sections = [number for number, part in enumerate(found) if part.kind == "title"]
    yield from found[sections[1] :]


def _part(match: re.Match[str]) -> Part:
    if match["kind"]:
        return Part(match["kind"], match["text"], match["name"] or "")
    kind = "title" if match["title"] else "prose"
    return Part(kind, match[kind], "")


def title(text: str) -> str:
    """A title, as it is told."""
    return f"\n=== {text} ===\n"


def prose(text: str) -> str:
    """A paragraph, as it is told."""
    lines = textwrap.wrap(_LINK.sub(r"\1", text), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n" + "".join(f"# {line}\n" for line in lines)
