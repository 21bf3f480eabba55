"""A configuration file as a lossless document of lines: what stands in which section, and edits that leave all else as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from opensvc_core.errors import ConfigError

if TYPE_CHECKING:
    from configobj import ConfigObj

# Sections of these groups are of the older generation: there `# …` after white space ends a value in a `.conf` too.
OLDER_GROUPS: Final = frozenset(["vg", "lv", "loop", "md", "drbd", "zpool", "pool", "vmdg", "vdisk", "raw", "zvol", "vxdg", "vxvol"])
_BOM: Final = "\ufeff"
_COMMENTS: Final = ("#", ";")


class Remark(NamedTuple):
    """Something doubtful that does not keep a file from being read: where, and what. `line` counts from 1."""

    section: str
    key: str
    line: int
    text: str


class _Entry:
    """A key's place: its first line and the one after its last (from 0), and its lines' text, comments left out."""

    __slots__ = ("end", "key", "parts", "section", "start")

    def __init__(self, section: str, key: str, start: int, end: int, parts: list[str]) -> None:
        self.section, self.key, self.start, self.end, self.parts = section, key, start, end, parts

    @property
    def value(self) -> str:
        return "\n".join(self.parts).strip()


class _Header:
    """A section's header: its line (from 0), and the one after the last line of its last key."""

    __slots__ = ("end", "section", "start")

    def __init__(self, section: str, start: int, end: int) -> None:
        self.section, self.start, self.end = section, start, end


class _Parsed:
    def __init__(self) -> None:
        self.values: dict[str, dict[str, str]] = {}
        self.entries: dict[tuple[str, str], list[_Entry]] = {}
        self.headers: dict[str, list[_Header]] = {}
        self.remarks: list[Remark] = []
        self.duplicates: list[tuple[str, str, int]] = []


class Document:
    """The text of a configuration file, and what it says.

    The lines are the authority for the text and for edits. The dialect is that of Python's `RawConfigParser(strict=False)`
    with keys in their case: `=` or `:` (the first of them) after a key, comments begin a line with `#` or `;`, a line indented
    deeper than its key continues the value. A document does not change: an edit returns another one.

    A caller that reads a file does so without translation of line ends (`newline=""`), so that they are kept.
    """

    def __init__(self, text: str, parsed: _Parsed, *, is_older: bool, path: str) -> None:
        self.path, self.is_older = path, is_older
        self._text, self._parsed = text, parsed
        self._values: ConfigObj | None = None

    @classmethod
    def parse(cls, text: str, *, older: bool = False, path: str = "") -> Document:
        """Read a text, in one pass. Raises ConfigError(path, line) where a line can't be understood.

        `older` is the dialect of `.env` files: outside of quotes `# …` after white space ends a value.
        """
        return cls(text, _Parser(older=older, path=path).parse(text), is_older=older, path=path)

    # -- what the file says

    def text(self) -> str:
        """The text, byte for byte as it was parsed."""
        return self._text

    def sections(self) -> list[str]:
        """The names of the sections, each once, in the order of their first headers."""
        return list(self._parsed.values)

    def has_section(self, section: str) -> bool:
        """Whether a header has exactly this name."""
        return section in self._parsed.values

    def keys(self, section: str) -> list[str]:
        """The keys of a section, each once, with their scopes (`dev@n1`); empty where there is no such section."""
        return list(self._parsed.values.get(section, ()))

    def items(self, section: str) -> dict[str, str]:
        """The raw values of a section by key; empty where there is no such section."""
        return dict(self._parsed.values.get(section, ()))

    def get(self, section: str, key: str) -> str | None:
        """The raw value: blanks around it stripped, the lines of a continued one joined by a newline; None where there is none."""
        return self._parsed.values.get(section, {}).get(key)

    def line_of(self, section: str, key: str = "") -> int | None:
        """The line, from 1, of the key's last definition; without a key, of the section's first header; None where there is none."""
        if key:
            entries = self._parsed.entries.get((section, key))
            return entries[-1].start + 1 if entries else None
        headers = self._parsed.headers.get(section)
        return headers[0].start + 1 if headers else None

    def duplicates(self) -> list[tuple[str, str, int]]:
        """Section, key and line (from 1) of each definition that replaces an earlier one of the same key."""
        return list(self._parsed.duplicates)

    def remarks(self) -> list[Remark]:
        """What is doubtful, in the order of the lines: text after a header, and in a `.conf` values that seem to end in a comment."""
        found = [*self._parsed.remarks, *self._seeming_comments()]
        return sorted(found, key=lambda remark: remark.line)

    def _seeming_comments(self) -> Iterator[Remark]:
        for (section, key), entries in self._parsed.entries.items():
            for entry in entries:
                if not self._cuts(section) and any(_comment_start(part, _COMMENTS) < len(part) for part in entry.parts):
                    yield Remark(
                        section,
                        key,
                        entry.start + 1,
                        "what follows ' #' or ' ;' is part of the value; a comment stands on a line of its own",
                    )

    def values(self) -> ConfigObj:
        """The raw values in a ConfigObj, made at the first call; changes to it do not reach the document.

        It is filled from the lines and never reads or writes text: its own dialect differs (it splits at commas, cuts at `#`,
        reads `'''` across lines, and refuses `:`, continuation lines and duplicates).
        """
        if self._values is None:
            # costs 9 ms, and most commands read single keys only
            from configobj import ConfigObj  # noqa: PLC0415

            self._values = ConfigObj(interpolation=False, list_values=False)
            self._values.update({section: dict(items) for section, items in self._parsed.values.items()})
        return self._values

    # -- edits

    def set(self, section: str, key: str, value: str) -> Document:
        """A document in which `get(section, key)` is the stripped value; only the lines of the key differ.

        The key's last definition changes where it stands, keeping its spacing, the comments inside of it and, in an older file,
        the comment behind it. A new key comes after the last one of its section, a new section at the end. Raises ConfigError
        for names and values that could not be read back as they are.
        """
        value = value.strip()
        if self.get(section, key) == value:
            return self
        if not self.has_section(section):
            return self.add_section(section).set(section, key, value)
        expected = self._expected(section, {**self._parsed.values[section], key: value})
        for lines in self._set_candidates(section, key, value):
            changed = self._reread(lines)
            if changed is not None and changed._parsed.values == expected:
                return changed
        self._refuse_value(section, key, value)

    def unset(self, section: str, key: str) -> Document:
        """A document without a key, all its definitions taken out; the same one where there is none."""
        entries = self._parsed.entries.get((section, key), [])
        lines = _Lines(self._text)
        for entry in reversed(entries):
            lines.replace(entry.start, entry.end, [])
        left = {name: value for name, value in self._parsed.values.get(section, {}).items() if name != key}
        return self._checked(lines, section, left, key) if entries else self

    def add_section(self, section: str) -> Document:
        """A document with a section at its end, after one empty line; the same one where it exists. Raises ConfigError for a bad name."""
        if self.has_section(section):
            return self
        lines = _Lines(self._text)
        lines.append([f"[{section}]"] if lines.ends_blank() else ["", f"[{section}]"])
        return self._checked(lines, section, {})

    def delete_section(self, section: str) -> Document:
        """A document without a section: its headers, keys, the comments among them and the empty lines behind them.

        A comment after its last key stays, unless it directly follows that key and an empty line comes after it.
        """
        lines = _Lines(self._text)
        for header in reversed(self._parsed.headers.get(section, [])):
            lines.delete_block(header.start, header.end)
        return self._checked(lines, section, None) if self.has_section(section) else self

    def _set_candidates(self, section: str, key: str, value: str) -> Iterator[_Lines]:
        entries = self._parsed.entries.get((section, key))
        if not entries:
            yield self._inserted(section, key, value)
            return
        entry = entries[-1]
        original = _Lines(self._text)
        before, behind = _around_value(original.content(entry.start), cuts=self._cuts(section))
        # a comment that the new value would swallow is given up
        for tail in dict.fromkeys((behind, "")):
            lines = original.copy()
            lines.replace(entry.start, entry.end, _value_lines(before, value, tail))
            yield lines

    def _inserted(self, section: str, key: str, value: str) -> _Lines:
        lines = _Lines(self._text)
        headers = self._parsed.headers[section]
        with_keys = [header for header in headers if header.end > header.start + 1]
        header = (with_keys or headers)[-1]
        last = max((entry.start for entry in self._entries_within(header)), default=header.start)
        indent = _indent(lines.content(last))
        lines.replace(header.end, header.end, _value_lines(f"{indent}{key} = ", value, ""))
        return lines

    def _entries_within(self, header: _Header) -> Iterator[_Entry]:
        for key in self._parsed.values[header.section]:
            for entry in self._parsed.entries[(header.section, key)]:
                if header.start < entry.start < header.end:
                    yield entry

    def _cuts(self, section: str) -> bool:
        return self.is_older or section.partition("#")[0] in OLDER_GROUPS

    def _expected(self, section: str, items: dict[str, str] | None) -> dict[str, dict[str, str]]:
        """All values after an edit, where a section has these items (None: is gone)."""
        expected = {**self._parsed.values, section: items or {}}
        if items is None:
            del expected[section]
        return expected

    def _reread(self, lines: _Lines) -> Document | None:
        try:
            return Document.parse(lines.text(), older=self.is_older, path=self.path)
        except ConfigError:
            return None

    def _checked(self, lines: _Lines, section: str, items: dict[str, str] | None, key: str = "") -> Document:
        changed = self._reread(lines)
        if changed is None or changed._parsed.values != self._expected(section, items):
            raise ConfigError(
                "this edit would change the meaning of other lines, or the name is not allowed: "
                "a section's name has no ']' and no newline, lines of a section are indented alike",
                path=self.path,
                section=section,
                key=key,
            )
        return changed

    def _refuse_value(self, section: str, key: str, value: str) -> NoReturn:
        text = "the name of a key has no '=', ':', newline or blanks around it, and doesn't begin with '[', '#' or ';'"
        if _is_key(key):
            text = f"the value {value!r} can't be written so that it is read back as it is: "
            text += "no line of it may have blanks around it, no line but the first may begin with '#' or ';'"
            text += ", and ' #' begins a comment here" if self._cuts(section) else ""
        raise ConfigError(text, path=self.path, section=section, key=key)


class _Parser:
    """One pass over the lines; the state is the section, the key that a deeper line continues, and that key's indentation."""

    def __init__(self, *, older: bool, path: str) -> None:
        self._older, self._path = older, path
        self._found = _Parsed()
        self._header: _Header | None = None
        self._items: dict[str, str] = {}
        self._entry: _Entry | None = None
        self._indent = 0
        self._cuts = older

    def parse(self, text: str) -> _Parsed:
        for number, line in enumerate(text.removeprefix(_BOM).split("\n")):
            content = line.strip()
            if not content:
                if self._entry:
                    self._entry.parts.append("")
            elif content[0] not in _COMMENTS:
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
        if rest and rest[0] not in _COMMENTS:
            self._found.remarks.append(Remark(name, "", number + 1, f"{rest!r} after the header is ignored"))
        self._header = _Header(name, number, number + 1)
        self._found.headers.setdefault(name, []).append(self._header)
        self._items = self._found.values.setdefault(name, {})
        self._cuts = self._older or name.partition("#")[0] in OLDER_GROUPS

    def _key(self, number: int, content: str) -> None:
        at = _delimiter(content)
        if self._header is None:
            self._fail("a section's header, such as [DEFAULT], stands before the first key", number, content)
        if at < 0:
            self._fail("a line is KEY = VALUE; a line that continues a value is indented deeper than its key", number, content)
        key = content[:at].rstrip()
        if not key:
            self._fail(f"the key before {content[at]!r} is missing", number, content)
        self._entry = _Entry(self._header.section, key, number, number + 1, [self._cut(content[at + 1 :])])

    def _cut(self, text: str) -> str:
        return text[: _comment_start(text, ("#",))].strip() if self._cuts else text.strip()

    def _close(self) -> None:
        entry, header = self._entry, self._header
        if entry is None or header is None:
            return
        header.end, self._entry = entry.end, None
        if entry.key in self._items:
            self._found.duplicates.append((entry.section, entry.key, entry.start + 1))
        self._items[entry.key] = entry.value
        self._found.entries.setdefault((entry.section, entry.key), []).append(entry)

    def _fail(self, text: str, number: int, content: str) -> NoReturn:
        shown = content if len(content) <= 60 else f"{content[:59]}…"
        section = self._header.section if self._header else ""
        raise ConfigError(f"{text}: {shown!r}", path=self._path, line=number + 1, section=section)


class _Lines:
    """The lines of a text with their ends, the byte order mark apart; new lines get the end that the first line has."""

    def __init__(self, text: str) -> None:
        self._bom = _BOM if text.startswith(_BOM) else ""
        body = text[len(self._bom) :]
        parts = body.split("\n")
        self._lines = [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
        self._newline = "\r\n" if self._lines and self._lines[0].endswith("\r\n") else "\n"

    def copy(self) -> _Lines:
        return _Lines(self.text())

    def text(self) -> str:
        return self._bom + "".join(self._lines)

    def content(self, index: int) -> str:
        """A line without its end."""
        return _without_end(self._lines[index])

    def ends_blank(self) -> bool:
        """Whether nothing, or an empty line, is last."""
        return not self._lines or not self._lines[-1].strip()

    def append(self, contents: list[str]) -> None:
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
    return line.lstrip().startswith(_COMMENTS)


def _delimiter(content: str) -> int:
    """Where the first `=` or `:` stands, or -1."""
    return min((at for at in (content.find("="), content.find(":")) if at >= 0), default=-1)


def _is_key(key: str) -> bool:
    return bool(key) and key == key.strip() and _delimiter(key) < 0 and "\n" not in key and key[0] not in "[#;"


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _comment_start(text: str, marks: tuple[str, ...]) -> int:
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


def _around_value(line: str, *, cuts: bool) -> tuple[str, str]:
    """What stands before the value on a key's line, with the blanks, and the comment behind it, with the blanks."""
    at = line.index(line.strip()) + _delimiter(line.strip()) + 1
    before, rest = line[:at], line[at:]
    value = rest[: _comment_start(rest, ("#",))] if cuts else rest
    comment = rest[len(value) :]
    if not value.strip():
        gap = " " if comment or before[-2:-1].isspace() else value
        return before + gap, value + comment if comment else ""
    blanks = len(value) - len(value.lstrip())
    return before + value[:blanks], rest[len(value.rstrip()) :] if comment else ""


def _value_lines(before: str, value: str, behind: str) -> list[str]:
    """The lines of a key: its first, and the others indented one TAB deeper than the key; an empty line stays empty."""
    first, *others = value.split("\n")
    deeper = f"{_indent(before)}\t"
    return [f"{before}{first}{behind}", *(f"{deeper}{other}" if other else "" for other in others)]
