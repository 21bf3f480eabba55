"""Words: what the keywords of an application say to run, and how its answers and variables are read."""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from opensvc_core.api import Status, command_words, shell_words, size

_NOTHING = frozenset({"", "false", "no", "n", "f", "0", "none"})
_SCRIPT = frozenset({"true", "yes", "y", "t"})
_UNLIMITED = frozenset({"unlimited", "infinity", "-1"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ANSWERS = {status.value: status for status in (Status.UP, Status.DOWN, Status.WARN, Status.NA, Status.UNDEF)}


class Launch(NamedTuple):
    """What is to be run: a command, or the script with the word for the action.

    `argv` is empty where it is the script; `number` is the place in the order that an older file gives. The text of a
    command that a shell runs is `argv[2]`.
    """

    text: str
    argv: tuple[str, ...] = ()
    is_shell: bool = False
    number: int = 0

    def __str__(self) -> str:
        return self.text


class Retcodes(dict[int, Status]):
    """Exit codes of the check, and the status that each means."""

    def __str__(self) -> str:
        return " ".join(f"{code}:{status}" for code, status in self.items())


class Variables(dict[str, str]):
    """Variables of the environment, by the names that the file gives."""

    def __str__(self) -> str:
        return " ".join(shlex.quote(f"{name}={value}") for name, value in self.items())

    def exported(self) -> dict[str, str]:
        """Each by its name in capitals, as the older agents gave it, and by the name as it stands (`http_proxy`)."""
        return {**{name.upper(): value for name, value in self.items()}, **self}


def launch(text: str) -> Launch | None:
    """`true` or a number: the script; `false`, `0` or nothing: None; else a command.

    What only a shell understands is left to one (see `command_words`).
    """
    word = text.strip()
    if word.lower() in _NOTHING:
        return None
    if word.lower() in _SCRIPT:
        return Launch(word)
    if word.isdecimal():
        return Launch(word, number=int(word))
    argv = tuple(command_words(word))
    return Launch(word, argv, is_shell=argv[:2] == ("/bin/sh", "-c") and argv[2:] == (word,))


def retcodes(text: str) -> Retcodes:
    """`0:up 1:down`: exit codes with the status that each means. Raises ValueError."""
    found = Retcodes()
    for word in text.split():
        code, _, status = word.partition(":")
        if not code.removeprefix("-").isdecimal() or status.lower() not in _ANSWERS:
            raise ValueError(f"{word!r} is no exit code with its status, such as 0:up; statuses are {', '.join(_ANSWERS)}")
        found[int(code)] = _ANSWERS[status.lower()]
    return found


def variables(text: str) -> Variables:
    """`NAME=value 'OTHER=two words'`, as a shell splits them. Raises ValueError."""
    found = Variables()
    for word in shell_words(text):
        name, mark, value = word.partition("=")
        if not mark or not _VARIABLE.match(name):
            raise ValueError(f"{word!r} is no variable, such as LANG=C")
        found[name] = value
    return found


def limit(text: str) -> int:
    """A size in bytes, or a count; -1 for `unlimited`. Raises ValueError."""
    if text.strip().lower() in _UNLIMITED:
        return -1
    found = size(text)
    if isinstance(found, str):
        raise ValueError(f"{text!r} is no limit: a number, with a unit such as 512m, or 'unlimited'")
    return found
