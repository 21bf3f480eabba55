"""The parser of configuration files: one pass from lines to sections, keys and values, with the place of each."""

from __future__ import annotations

from typing import Final, NamedTuple, NoReturn

from opensvc_core.config.concealing import quoted
from opensvc_core.config.lines import BOM, COMMENTS, comment_start, delimiter
from opensvc_core.config.sections import OLDER_DISKS
from opensvc_core.errors import ConfigError

# Sections of these groups are of the older generation: there `# …` after white space ends a value in a `.conf` too.
OLDER_GROUPS: Final = frozenset(OLDER_DISKS)


class Remark(NamedTuple):
    """Something doubtful that does not keep a file from being read: where, and what. `line` counts from 1."""

    section: str
    key: str
    line: int
    text: str


class Entry:
    """A key's place: its first line and the one after its last (from 0), and its lines' text, comments left out."""

    __slots__ = ("end", "key", "parts", "section", "start")

    def __init__(self, section: str, key: str, start: int, end: int, parts: list[str]) -> None:
        self.section, self.key, self.start, self.end, self.parts = section, key, start, end, parts

    @property
    def value(self) -> str:
        """The text of the value; lines that continue it are joined by newlines."""
        return "\n".join(self.parts).strip()


class Header:
    """A section's header: its line (from 0), and the one after the last line of its last key."""

    __slots__ = ("end", "section", "start")

    def __init__(self, section: str, start: int, end: int) -> None:
        self.section, self.start, self.end = section, start, end


class Parsed:
    """What stands in a text: values, and where they stand. Of a key that is there twice the last value counts.

    `duplicates` are the second and later places of a key in its section: section, key, line (from 1).
    """

    def __init__(self) -> None:
        self.values: dict[str, dict[str, str]] = {}
        self.entries: dict[tuple[str, str], list[Entry]] = {}
        self.headers: dict[str, list[Header]] = {}
        self.remarks: list[Remark] = []
        self.duplicates: list[tuple[str, str, int]] = []


class Parser:
    """One pass over the lines; the state is the section, the key that a deeper line continues, and that key's indentation."""

    def __init__(self, *, older: bool, path: str) -> None:
        self._older, self._path = older, path
        self._found = Parsed()
        self._header: Header | None = None
        self._items: dict[str, str] = {}
        self._entry: Entry | None = None
        self._last = ""
        self._indent = 0
        self._cuts = older

    def parse(self, text: str) -> Parsed:
        """Read it all. Raises ConfigError with the line that is none of a section, a key, a comment."""
        for number, line in enumerate(text.removeprefix(BOM).split("\n")):
            content = line.strip()
            if not content:
                if self._entry:
                    self._entry.parts.append("")
            elif content[0] not in COMMENTS:
                self._line(number, line, content)
        self._close()
        return self._found

    def _line(self, number: int, line: str, content: str) -> None:
        indent = len(line) - len(line.lstrip())
        if self._entry and indent > self._indent:
            self._entry.parts.append(self._cut(content))
            self._entry.end = number + 1
            return
        self._close()
        self._indent = indent
        if content[0] == "[":
            self._section(number, content)
        else:
            self._key(number, content)

    def _section(self, number: int, content: str) -> None:
        name, bracket, rest = content[1:].partition("]")
        if not bracket or not name:
            self._fail("a section's header is [NAME]", number, content)
        rest = rest.strip()
        if rest and rest[0] not in COMMENTS:
            self._found.remarks.append(Remark(name, "", number + 1, f"{rest!r} after the header is ignored"))
        self._header = Header(name, number, number + 1)
        self._found.headers.setdefault(name, []).append(self._header)
        self._items = self._found.values.setdefault(name, {})
        self._cuts = self._older or name.partition("#")[0] in OLDER_GROUPS

    def _key(self, number: int, content: str) -> None:
        at = delimiter(content)
        if self._header is None:
            self._fail("a section's header, such as [DEFAULT], stands before the first key", number, content)
        if at < 0:
            self._fail("a line is KEY = VALUE; a line that continues a value is indented deeper than its key", number, content)
        key = content[:at].rstrip()
        if not key:
            self._fail(f"the key before {content[at]!r} is missing", number, content)
        self._entry = Entry(self._header.section, key, number, number + 1, [self._cut(content[at + 1 :])])

    def _cut(self, text: str) -> str:
        return text[: comment_start(text, ("#",))].strip() if self._cuts else text.strip()

    def _close(self) -> None:
        entry, header = self._entry, self._header
        if entry is None or header is None:
            return
        header.end, self._entry, self._last = entry.end, None, entry.key
        if entry.key in self._items:
            self._found.duplicates.append((entry.section, entry.key, entry.start + 1))
        self._items[entry.key] = entry.value
        self._found.entries.setdefault((entry.section, entry.key), []).append(entry)

    def _fail(self, text: str, number: int, content: str) -> NoReturn:
        section = self._header.section if self._header else ""
        raise ConfigError(f"{text}: {quoted(self._last, content)}", path=self._path, line=number + 1, section=section)
