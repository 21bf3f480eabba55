"""Manual pages: headings, paragraphs and lists in the macros of man(7); the texts may have words between backticks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_CODE: Final = re.compile(r"`([^`]*)`")
# A title begins a paragraph itself.
_BEGINNING: Final = re.compile(r"^(\.S[HS] .*\n)\.PP\n", re.MULTILINE)


def page(name: str, section: int, *, source: str, title: str, blocks: Iterable[str]) -> str:
    """A whole page."""
    # Lines are neither filled up nor broken inside a word: what is typed stands as it is typed.
    head = f'.TH {plain(name.upper())} {section} "" "{plain(source)}" "{plain(title)}"\n.nh\n.ad l\n'
    return head + _BEGINNING.sub(r"\1", "".join(blocks))


def heading(text: str) -> str:
    """The title of a section."""
    return f'.SH "{plain(text)}"\n'


def subheading(text: str) -> str:
    """The title of a part of a section."""
    return f'.SS "{plain(text)}"\n'


def paragraphs(text: str) -> str:
    """Paragraphs, parted by empty lines."""
    return "".join(f".PP\n{words(one)}\n" for one in text.split("\n\n") if one.strip())


def entry(term: str, text: str, *, detail: str = "") -> str:
    """A term in bold, what follows it on its line, and what is said of it below."""
    first, *others = [one for one in text.split("\n\n") if one.strip()] or [""]
    head = f"\\fB{plain(term)}\\fP" + (f" {words(detail)}" if detail else "")
    return f".TP\n{head}\n{words(first) or chr(92) + '&'}\n" + "".join(f".IP\n{words(one)}\n" for one in others)


def verbatim(text: str) -> str:
    """Lines that stay as they are."""
    lines = "\n".join(_guarded(plain(line)) for line in text.rstrip("\n").splitlines())
    return f".PP\n.RS 4\n.nf\n{lines}\n.fi\n.RE\n"


def words(text: str) -> str:
    """Running text on one line."""
    joined = " ".join(text.split())
    return _guarded(_CODE.sub(lambda code: f"\x00{code[1]}\x01", joined).translate(_TABLE))


def plain(text: str) -> str:
    """Text as it is, inside a line."""
    return text.translate(_TABLE)


def _guarded(line: str) -> str:
    """A line that begins like a request to the formatter is none."""
    return f"\\&{line}" if line.startswith((".", "'")) else line


class _Table(dict[int, str]):
    """What stands for a character: a backslash, a minus that can be copied, quotes that end no argument, letters beyond ASCII by number."""

    def __missing__(self, number: int) -> str:
        return chr(number) if number < 127 else f"\\[u{number:04X}]"


_LETTERS: Final = {"\\": "\\e", "-": "\\-", '"': "\\(dq", "'": "\\(aq", "`": "\\(ga", "…": "...", "\x00": "\\fB", "\x01": "\\fP"}
_TABLE: Final = _Table({ord(letter): text for letter, text in _LETTERS.items()})
