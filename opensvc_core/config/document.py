"""A configuration file as a lossless document of lines: what stands in which section, and edits that leave all else as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NoReturn

from opensvc_core.config.concealing import CONCEALED, is_secret
from opensvc_core.config.lines import COMMENTS, Lines, around_value, comment_start, indent_of, is_key, value_lines
from opensvc_core.config.parser import OLDER_GROUPS, Entry, Header, Parsed, Parser, Remark
from opensvc_core.config.sections import DEFAULT
from opensvc_core.errors import ConfigError

if TYPE_CHECKING:
    from configobj import ConfigObj

__all__ = ["Document", "Remark"]


class Document:
    """The text of a configuration file, and what it says.

    The lines are the authority for the text and for edits. The dialect is that of Python's `RawConfigParser(strict=False)`
    with keys in their case: `=` or `:` (the first of them) after a key, comments begin a line with `#` or `;`, a line indented
    deeper than its key continues the value. A document does not change: an edit returns another one.

    A caller that reads a file does so without translation of line ends (`newline=""`), so that they are kept.
    """

    def __init__(self, text: str, parsed: Parsed, *, is_older: bool, path: str) -> None:
        self.path, self.is_older = path, is_older
        self._text, self._parsed = text, parsed
        self._values: ConfigObj | None = None

    @classmethod
    def parse(cls, text: str, *, older: bool = False, path: str = "") -> Document:
        """Read a text, in one pass. Raises ConfigError(path, line) where a line can't be understood.

        `older` is the dialect of `.env` files: outside of quotes `# …` after white space ends a value.
        """
        return cls(text, Parser(older=older, path=path).parse(text), is_older=older, path=path)

    @classmethod
    def of(cls, sections: Mapping[str, Mapping[str, str]]) -> Document:
        """A new document with these sections and their keys. Raises ConfigError for what could not be read back as it is."""
        made = cls.parse("").add_section(DEFAULT)
        for section, values in sections.items():
            made = made if made.has_section(section) else made.add_section(section)
            for key, value in values.items():
                made = made.set(section, key, value)
        return made

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

    def differing(self, other: Document) -> frozenset[str]:
        """The sections whose keys or values differ in another document, or that only one of the two has."""
        ours, theirs = self._parsed.values, other._parsed.values
        return frozenset(name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name))

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

    def remarks(self, sections: Iterable[str] | None = None) -> list[Remark]:
        """What is doubtful, in the order of the lines: text after a header, and in a `.conf` values that seem to end in a comment.

        `sections` are those to look at; None: all.
        """
        looked_at = dict.fromkeys(self._parsed.values if sections is None else sections)
        found = [remark for remark in self._parsed.remarks if remark.section in looked_at]
        return sorted([*found, *self._seeming_comments(looked_at)], key=lambda remark: remark.line)

    def _seeming_comments(self, sections: Iterable[str]) -> Iterator[Remark]:
        for section, key in ((name, key) for name in sections for key in self._parsed.values.get(name, ())):
            for entry in self._parsed.entries[section, key]:
                if not self._cuts(section) and any(comment_start(part, COMMENTS) < len(part) for part in entry.parts):
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
        lines = Lines(self._text)
        for entry in reversed(entries):
            lines.replace(entry.start, entry.end, [])
        left = {name: value for name, value in self._parsed.values.get(section, {}).items() if name != key}
        return self._checked(lines, section, left, key) if entries else self

    def rename(self, section: str, key: str, name: str) -> Document:
        """A document in which a key has another name, at each of its definitions; nothing but the name differs.

        The same one where there is no such key. Raises ConfigError where the other name is there already, or is no name.
        """
        entries = self._parsed.entries.get((section, key), [])
        if not entries:
            return self
        if self.get(section, name) is not None:
            raise ConfigError(f"{name!r} is there already", path=self.path, section=section, key=key)
        lines = Lines(self._text)
        for entry in entries:
            content = lines.content(entry.start)
            indent = indent_of(content)
            lines.rewrite(entry.start, f"{indent}{name}{content[len(indent) + len(key) :]}")
        items = {name if one == key else one: value for one, value in self._parsed.values[section].items()}
        return self._checked(lines, section, items, key)

    def add_section(self, section: str) -> Document:
        """A document with a section at its end, after one empty line; the same one where it exists. Raises ConfigError for a bad name."""
        if self.has_section(section):
            return self
        lines = Lines(self._text)
        lines.append([f"[{section}]"] if lines.ends_blank() else ["", f"[{section}]"])
        return self._checked(lines, section, {})

    def delete_section(self, section: str) -> Document:
        """A document without a section: its headers, keys, the comments among them and the empty lines behind them.

        A comment after its last key stays, unless it directly follows that key and an empty line comes after it.
        """
        lines = Lines(self._text)
        for header in reversed(self._parsed.headers.get(section, [])):
            lines.delete_block(header.start, header.end)
        return self._checked(lines, section, None) if self.has_section(section) else self

    def _set_candidates(self, section: str, key: str, value: str) -> Iterator[Lines]:
        entries = self._parsed.entries.get((section, key))
        if not entries:
            yield self._inserted(section, key, value)
            return
        entry = entries[-1]
        original = Lines(self._text)
        before, behind = around_value(original.content(entry.start), cuts=self._cuts(section))
        # a comment that the new value would swallow is given up
        for tail in dict.fromkeys((behind, "")):
            lines = original.copy()
            lines.replace(entry.start, entry.end, value_lines(before, value, tail))
            yield lines

    def _inserted(self, section: str, key: str, value: str) -> Lines:
        lines = Lines(self._text)
        headers = self._parsed.headers[section]
        with_keys = [header for header in headers if header.end > header.start + 1]
        header = (with_keys or headers)[-1]
        last = max((entry.start for entry in self._entries_within(header)), default=header.start)
        indent = indent_of(lines.content(last))
        lines.replace(header.end, header.end, value_lines(f"{indent}{key} = ", value, ""))
        return lines

    def _entries_within(self, header: Header) -> Iterator[Entry]:
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

    def _reread(self, lines: Lines) -> Document | None:
        try:
            return Document.parse(lines.text(), older=self.is_older, path=self.path)
        except ConfigError:
            return None

    def _checked(self, lines: Lines, section: str, items: dict[str, str] | None, key: str = "") -> Document:
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
        if is_key(key):
            shown = CONCEALED if is_secret(key) else f"the value {value!r}"
            text = f"{shown} can't be written so that it is read back as it is: "
            text += "no line of it may have blanks around it, no line but the first may begin with '#' or ';'"
            text += ", and ' #' begins a comment here" if self._cuts(section) else ""
        raise ConfigError(text, path=self.path, section=section, key=key)
