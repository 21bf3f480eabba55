"""The lines of a configuration file: where a key, a value and a comment stand in one, and the splicing of many."""

from __future__ import annotations

from typing import Final

BOM: Final = "\ufeff"
COMMENTS: Final = ("#", ";")


class Lines:
    """The lines of a text with their ends, the byte order mark apart; new lines get the end that the first line has."""

    def __init__(self, text: str) -> None:
        self._bom = BOM if text.startswith(BOM) else ""
        body = text[len(self._bom) :]
        parts = body.split("\n")
        self._lines = [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
        self._newline = "\r\n" if self._lines and self._lines[0].endswith("\r\n") else "\n"

    def copy(self) -> Lines:
        """The same lines, to be changed by themselves."""
        return Lines(self.text())

    def text(self) -> str:
        """All of it, as it goes into the file."""
        return self._bom + "".join(self._lines)

    def content(self, index: int) -> str:
        """A line without its end."""
        return _without_end(self._lines[index])

    def rewrite(self, index: int, content: str) -> None:
        """Put another content in the place of one line's; its end stays."""
        line = self._lines[index]
        self._lines[index] = content + line[len(_without_end(line)) :]

    def ends_blank(self) -> bool:
        """Whether nothing, or an empty line, is last."""
        return not self._lines or not self._lines[-1].strip()

    def append(self, contents: list[str]) -> None:
        """Put lines behind the last one."""
        self.replace(len(self._lines), len(self._lines), contents)

    def replace(self, start: int, end: int, contents: list[str]) -> None:
        """Put lines in the place of others; comments among those stay, behind the new lines.

        A text without a newline at its end stays so when its last line is replaced or followed.
        """
        kept = [line for line in self._lines[start:end] if _is_comment(line)]
        new = [*(f"{content}{self._newline}" for content in contents), *kept]
        is_open = bool(self._lines) and not self._lines[-1].endswith("\n")
        if contents and is_open and end == len(self._lines):
            new[-1] = _without_end(new[-1])
            if start == end:
                self._lines[-1] += self._newline
        self._lines[start:end] = new

    def delete_block(self, start: int, end: int) -> None:
        """Take out a section's lines, the comments that belong to it, and the empty lines that set it apart."""
        end = self._own_comments(end)
        while end < len(self._lines) and not self._lines[end].strip():
            end += 1
        while end == len(self._lines) and start and not self._lines[start - 1].strip():
            start -= 1
        del self._lines[start:end]

    def _own_comments(self, end: int) -> int:
        """The line after the comments that directly follow, where they end the text or an empty line comes next."""
        after = end
        while after < len(self._lines) and _is_comment(self._lines[after]):
            after += 1
        return after if after == len(self._lines) or not self._lines[after].strip() else end


def _without_end(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(COMMENTS)


def delimiter(content: str) -> int:
    """Where the first `=` or `:` stands, or -1."""
    return min((at for at in (content.find("="), content.find(":")) if at >= 0), default=-1)


def is_key(key: str) -> bool:
    """Whether a line can have it before its delimiter, and is read as that key again."""
    return bool(key) and key == key.strip() and delimiter(key) < 0 and "\n" not in key and key[0] not in "[#;"


def indent_of(line: str) -> str:
    """The blanks that a line begins with."""
    return line[: len(line) - len(line.lstrip())]


def comment_start(text: str, marks: tuple[str, ...]) -> int:
    """Where a mark after white space, outside of quotes, stands; the length of the text where none does.

    A quote opens unless a letter or digit stands before it (`it's`), and only where it is closed.
    """
    if not any(mark in text for mark in marks):
        return len(text)
    at, unclosed = 0, set()
    while at < len(text):
        char = text[at]
        if char in marks and at and text[at - 1].isspace():
            return at
        if char in "'\"" and char not in unclosed and not (at and text[at - 1].isalnum()):
            closing = text.find(char, at + 1)
            if closing < 0:
                unclosed.add(char)
            at = max(closing, at)
        at += 1
    return len(text)


def around_value(line: str, *, cuts: bool) -> tuple[str, str]:
    """What stands before the value on a key's line, with the blanks, and the comment behind it, with the blanks."""
    at = line.index(line.strip()) + delimiter(line.strip()) + 1
    before, rest = line[:at], line[at:]
    value = rest[: comment_start(rest, ("#",))] if cuts else rest
    comment = rest[len(value) :]
    if not value.strip():
        gap = " " if comment or before[-2:-1].isspace() else value
        return before + gap, value + comment if comment else ""
    blanks = len(value) - len(value.lstrip())
    return before + value[:blanks], rest[len(value.rstrip()) :] if comment else ""


def value_lines(before: str, value: str, behind: str) -> list[str]:
    """The lines of a key: its first, and the others indented one TAB deeper than the key; an empty line stays empty."""
    first, *others = value.split("\n")
    deeper = f"{indent_of(before)}\t"
    return [f"{before}{first}{behind}", *(f"{deeper}{other}" if other else "" for other in others)]
