"""A finding: one thing that is wrong, or doubtful, in a file, with its place and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, unique
from typing import NamedTuple

from opensvc_core.errors import ConfigError


@unique
class Severity(Enum):
    """An error refuses an edit; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Finding(NamedTuple):
    """One finding of `validate`.

    `code` is a stable word for machines (`unknown-keyword`), `line` counts from 1 (0: not in the file),
    `hint` is the way out or empty.
    """

    severity: Severity
    code: str
    text: str
    path: str = ""
    line: int = 0
    section: str = ""
    key: str = ""
    value: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        name = f"{self.section}.{self.key}" if self.key else self.section
        value = f" = {_shorten(self.value)}" if self.value else ""
        says = "; ".join(part for part in (self.text, self.hint) if part)
        return ": ".join(part for part in (place, self.severity.value, f"{name}{value}", says) if part)


def new_findings(before: Iterable[Finding], after: Iterable[Finding]) -> list[Finding]:
    """The findings of a new text that the old one did not have."""
    known = {(one.section, one.key, one.code) for one in before}
    return [one for one in after if (one.section, one.key, one.code) not in known]


def refuse_errors(found: Iterable[Finding]) -> None:
    """Raise ConfigError for the errors among findings."""
    errors = [one for one in found if one.severity is Severity.ERROR]
    if errors:
        raise ConfigError("; ".join(map(str, errors)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'start'?`, or an empty text."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake pays for it

    spelled = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(spelled), n=1, cutoff=0.6)
    return f"did you mean {spelled[close[0]]!r}?" if close else ""


def _shorten(value: str, limit: int = 60) -> str:
    line = " ".join(value.split())
    return line if len(line) <= limit else f"{line[:limit]}…"
