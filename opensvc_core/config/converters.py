"""Converters: the text of a keyword's value → the value, and back.

Each takes a text and raises ValueError, saying what is wrong and what is allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Set
from typing import Any, Final, NoReturn

_TRUE: Final = ("yes", "y", "true", "t", "1")
_FALSE: Final = ("no", "n", "false", "f", "0", "0.0", "", "none", "[]", "{}")
_POWERS: Final = {letter: power for power, letter in enumerate("kmgtpezy", 1)}
_SECONDS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_UNLIMITED: Final = ("unlimited", "infinity", "-1")


# -- texts and words


# What only a shell understands: pipes, lists, a word that ends in a semicolon, a variable before the command.
_FOR_A_SHELL: Final = re.compile(r"\||&&|;(\s|\Z)|\A\s*\w+=")


def text(value: str) -> str:
    """The text as it is."""
    return value


def lower(value: str) -> str:
    """The text in lower case."""
    return value.lower()


def words(value: str) -> list[str]:
    """Words between white space (blanks, tabs, newlines); commas are part of a word."""
    return value.split()


def words_lower(value: str) -> list[str]:
    """Words between white space, in lower case."""
    return value.lower().split()


def word_set(value: str) -> frozenset[str]:
    """Words between white space, each once."""
    return frozenset(value.split())


def comma_words(value: str) -> list[str]:
    """What stands between commas, blanks around it stripped, empty ones left out: `1,2 a` → `1`, `2 a`."""
    return [word for word in (part.strip() for part in value.split(",")) if word]


def shell_words(value: str) -> list[str]:
    """Words as a POSIX shell splits them, without expansions: `a 'b c' d` → `a`, `b c`, `d`."""
    # shlex.split gives the same and takes quadratic time for a long word
    found: list[str] = []
    parts: list[str] = []
    for match in re.finditer(r"""([ \t\r\n]+)|([^ \t\r\n'"\\]+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(.)""", value, re.DOTALL):
        kind, piece = match.lastindex, match[match.lastindex or 0]
        if kind == 6:
            _refuse(
                value,
                "a quote is not closed" if piece in "'\"" else "a backslash is last",
                "a quote is closed, a backslash has a character after it",
            )
        if kind != 1:
            parts.append(re.sub(r'\\(["\\])', r"\1", piece) if kind == 4 else piece)
        elif parts:
            found.append("".join(parts))
            parts.clear()
    return [*found, "".join(parts)] if parts else found


def command_words(value: str) -> list[str]:
    """The argument list of a command line; one with `|`, `&&`, a word that ends in `;` or a leading `NAME=` is given to a shell."""
    return ["/bin/sh", "-c", value] if _FOR_A_SHELL.search(value) else shell_words(value)


def command_line(value: str) -> str:
    """A command line as it is written. Raises ValueError where `command_words` can't read it."""
    command_words(value)
    return value


def expanded_shell_words(value: str) -> list[str]:
    """Shell words where `-it` counts as `-i -t`: one hyphen, several letters, no `=`."""
    found: list[str] = []
    for word in shell_words(value):
        is_cluster = len(word) > 2 and word[0] == "-" and word[1] != "-" and "=" not in word
        found += [f"-{letter}" for letter in word[1:]] if is_cluster else [word]
    return found


def user_name(value: str) -> str:
    """The name or the number of a user; whether the host knows it is seen when it is needed."""
    return _account(value, "user")


def group_name(value: str) -> str:
    """The name or the number of a group; whether the host knows it is seen when it is needed."""
    return _account(value, "group")


def _account(value: str, kind: str) -> str:
    name = value.strip()
    if not re.fullmatch(r"[^\s:,/#-][^\s:,/]*", name) or len(name) > 256:
        _refuse(value, f"no {kind}", "a name or a number, without blanks, ':', ',' and '/'")
    return name


# -- numbers


def integer(value: str) -> int:
    """A whole number; of a decimal one (`1.9`, `1e3`) the part before the point."""
    number = value.strip()
    if re.fullmatch(r"[+-]?[0-9]{1,1000}", number):
        return int(number)
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", number) and math.isfinite(float(number)):
        return int(float(number))
    _refuse(value, "no whole number", "such as 5, -1 or 1e3")


def octal(value: str) -> int:
    """A mode or mask of four octal digits at most: `755`, `0644`, `0o022`."""
    found = re.fullmatch(r"(?:0o)?([0-7]{1,4}|0[0-7]{4})", value.strip())
    if found is None:
        _refuse(value, "no octal mode", "at most four digits from 0 to 7, such as 755 or 0022")
    return int(found[1], 8)


def reservation_key(value: str) -> str:
    """A key of a reservation on a disk, not zero: `0x2f01`, with or without the 0x, always in base 16; 16 digits at most."""
    found = re.fullmatch(r"(?:0x)?([0-9a-f]{1,16})", value.strip().lower())
    if found is None or not int(found[1], 16):
        _refuse(value, "no key of a reservation", "1 to 16 digits of base 16, such as 0x2f00000000000001, and not zero")
    return f"{int(found[1], 16):#x}"


def boolean(value: str) -> bool:
    """Yes or no, in any case: `yes y true t 1`; `no n false f 0 0.0 none [] {}` and nothing."""
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    _refuse(value, "neither true nor false", "true: yes, y, true, t, 1; false: no, n, false, f, 0")


def tristate(value: str) -> bool | None:
    """As `boolean`, with None where nothing is said."""
    return boolean(value) if value.strip() else None


# -- sizes, rates, durations


def size(value: str) -> int | str:
    """Bytes: `10m`, `10MiB` and `10Mi` are 10 × 1024², `10MB` is 10 × 1000²; nothing is 0; letters in any case, `1,5g` is `1.5g`.

    A percentage or an expression of LVM (`10%`, `50%FREE`, `100%VG`) stays text.
    """
    number = value.strip()
    if re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?%(?:free|vg|pvs|origin)?", number, re.IGNORECASE):
        return number
    return _bytes(value) if number else 0


def limit_size(value: str) -> int:
    """A limit in bytes, as `size` without percentages; -1 for `unlimited`, `infinity` or `-1`."""
    return -1 if value.strip().lower() in _UNLIMITED else _bytes(value)


def speed(value: str) -> int:
    """Kilobytes (1024 bytes) per second: `3 mb/s` and `3 mib/s` are 3072; without a unit kilobytes."""
    return (
        _count(value.strip().lower().removesuffix("/s"), value, bare="k", allowed="such as 10, 10 kb/s or 3 mb/s", is_binary=True) // 1024
    )


def _bytes(value: str) -> int:
    return _count(
        value, value, bare="", allowed="bytes with a unit such as 10m or 10MiB (binary) or 10MB (decimal); k, m, g, t, p, e, z, y"
    )


def _count(number: str, value: str, *, bare: str, allowed: str, is_binary: bool = False) -> int:
    """Bytes of a number with a unit; `bare` is the unit where there is none."""
    found = re.fullmatch(r"\s*(-?)([0-9]{1,100})(?:[.,]([0-9]{1,100}))?\s*([a-z]*)\s*", number.lower())
    if found is None:
        _refuse(value, "no size", allowed)
    sign, whole, decimals, unit = found[1], found[2], found[3] or "", found[4] or bare
    letter, rest = (unit[0], unit[1:]) if unit[:1] in _POWERS and unit else ("", unit)
    if rest not in (("", "b", "i", "ib") if letter else ("", "b")):
        _refuse(value, f"the unit {found[4]!r} is unknown", allowed)
    base = 1000 if rest == "b" and letter and not is_binary else 1024
    amount: int = int(whole + decimals) * base ** _POWERS.get(letter, 0) // 10 ** len(decimals)
    return -amount if sign else amount


def duration(value: str) -> float:
    """Seconds: a number, or numbers with the units w, d, h, m, s added up: `90`, `1h30m`, `1d 12h`, `0.5s`; nothing is 0.

    Only seconds may have decimals. A sign before it holds for the whole.
    """
    return _duration(value, "s")


def duration_minutes(value: str) -> float:
    """Seconds, as `duration`, but a number without a unit counts minutes."""
    return _duration(value, "m")


def _duration(value: str, bare: str) -> float:
    allowed = f"numbers with the units w, d, h, m, s, such as 1h30m; a bare number is {'minutes' if bare == 'm' else 'seconds'}"
    compact = "".join(value.split()).lower()
    sign, body = (-1.0, compact[1:]) if compact[:1] == "-" else (1.0, compact)
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", body):
        body += bare
    # two numbers that only a blank parts are no number
    if not re.fullmatch(r"([0-9]+[wdhm]|[0-9]+(\.[0-9]+)?s)*", body) or re.search(r"[0-9.]\s+[0-9.]", value):
        _refuse(value, "no duration", allowed)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"([0-9.]+)([a-z])", body))
    if not math.isfinite(seconds):
        _refuse(value, "too long a duration", allowed)
    return sign * seconds if seconds else 0.0


def schedule_text(value: str) -> str:
    """The text of a schedule, such as `02:00-04:00 mon-fri` or `["@1h", "! 10:00-12:00"]`, once it is known that it can be read."""
    from opensvc_core.schedule.grammar import parse  # noqa: PLC0415 - few files have one

    parse(value)
    return value


# -- back to text


def print_value(value: Any) -> str:
    """The text of a value, such that the converter that made the value reads it again.

    Booleans are `true` and `false`, None is empty, floats are durations (`1h30m`), lists and tuples are joined by blanks, sets are
    sorted too; an item with a blank in it stands in quotes, as `shell_words` reads it. What `comma_words`, `shell_words`, `octal` and
    `size` read has printers of its own: `print_comma_words`, `print_shell_words`, `print_octal`, `print_size`.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, float):
        return print_duration(value)
    if isinstance(value, Set):
        return " ".join(sorted(map(str, value)))
    if isinstance(value, (list, tuple)):
        return " ".join(_quoted(item) if not item or len(item.split()) > 1 else item for item in map(print_value, value))
    return str(value)


def print_shell_words(value: Iterable[str]) -> str:
    """Words that `shell_words` reads as they are, each quoted where a shell needs it."""
    return " ".join(_quoted(word) if not re.fullmatch(r"[\w@%+=:,./-]+", word, re.ASCII) else word for word in value)


def print_comma_words(value: Iterable[str]) -> str:
    """Words that `comma_words` reads as they are."""
    return ", ".join(value)


def print_octal(value: int) -> str:
    """A mode or mask with a zero before it: `0755`."""
    return f"{value:04o}"


def print_size(value: int | str) -> str:
    """Bytes in the greatest binary unit that divides them: `10m`; text as it is."""
    if isinstance(value, str):
        return value
    letter = ""
    for next_letter in _POWERS:
        if not value or value % 1024:
            break
        value, letter = value // 1024, next_letter
    return f"{value}{letter}"


def print_duration(seconds: float) -> str:
    """Seconds as `duration` reads them, to the microsecond: `1h30m`, `0.5s`, `0s`. Raises ValueError for one without end."""
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds} has no text as a duration")
    micros = round(abs(seconds) * 1_000_000)
    sign = "-" if seconds < 0 and micros else ""
    whole, micros = divmod(micros, 1_000_000)
    parts = []
    for unit in "dhm":
        count, whole = divmod(whole, _SECONDS[unit])
        parts += [f"{count}{unit}"] if count else []
    if whole or micros or not parts:
        decimals = f".{micros:06d}".rstrip("0") if micros else ""
        parts.append(f"{whole}{decimals}s")
    return sign + "".join(parts)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _refuse(value: str, finding: str, allowed: str) -> NoReturn:
    shown = value if len(value) <= 60 else f"{value[:59]}…"
    raise ValueError(f"{shown!r}: {finding}; allowed: {allowed}")
