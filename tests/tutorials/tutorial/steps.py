"""A script of steps: what is done on which node, and what it prints. Pages are written down in the same way, and have commands alone.

    # TEXT                       a remark
    = KEY …                      why the step that follows is not the page's: keys of adaptations.toml
    PLACE NODE$ COMMAND          a command of the page, by the number of its line there, on a node, or on `both`
    NODE$ COMMAND                one of ours

The lines up to the next step are what a command prints, on both streams. A command of the page has none of its own, unless it
is not the page's: it prints what the page shows.

    NODE[5]$ COMMAND             and its exit code, where that is not 0
    NODE? COMMAND                given again and again until it prints that
    NODE~ COMMAND                the same, and the lines are parts of what it prints, `...` being anything in a line: for tools of the
                                 system; with none, all that the page shows, and blanks don't count
    NODE% COMMAND                what it prints does not matter
    NODE< COMMAND                a file that is shown: it is written to the path that the command ends with, then shown
    NODE[755]< COMMAND           the same, and its mode
    NODE> COMMAND                with an editor that makes the file the text below; `(...)` in it is what the file has already
    NODE! off                    its power is cut; `on`: it is started again, under its name
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

_STEP: Final = re.compile(r"(?:(?P<place>\d+) )?(?P<node>[a-z]+\d?)(?:\[(?P<number>\d+)\])?(?P<kind>[$?~%<>!]) (?P<text>.*)")
_INLINE: Final = re.compile(r"<< (\w+)$")  # text that a shell reads up to a word
BOTH: Final = "both"


class Kind(Enum):
    """What a step is."""

    EXACT = "$"
    UNTIL = "?"
    PARTS = "~"
    ANY = "%"
    SHOWN = "<"
    EDITED = ">"
    POWER = "!"


@dataclass(frozen=True)
class Step:
    """One of them; `place` is 0 for one of ours, `number` an exit code, or a mode in decimal."""

    line: int
    place: int
    node: str
    kind: Kind
    text: str
    number: int | None
    keys: tuple[str, ...]
    lines: tuple[str, ...]


def read(path: Path) -> tuple[Step, ...]:
    """The steps of a file."""
    return tuple(_steps(path.read_text(encoding="utf-8").splitlines()))


def _steps(lines: list[str]) -> Iterator[Step]:
    keys: tuple[str, ...] = ()
    numbers = [number for number, line in enumerate(lines) if _STEP.fullmatch(line) or line.startswith(("= ", "# "))]
    for number, end in zip(numbers, [*numbers[1:], len(lines)], strict=True):
        if match := _STEP.fullmatch(lines[number]):
            text, below = _command(match["text"], lines[number + 1 : end])
            below = below[: max((n for n, line in enumerate(below, 1) if line), default=0)]  # empty lines may part steps
            code = None if match["number"] is None else int(match["number"])
            yield Step(number + 1, int(match["place"] or 0), match["node"], Kind(match["kind"]), text, code, keys, tuple(below))
            keys = ()
        elif lines[number].startswith("= "):
            keys += tuple(lines[number][2:].split())


def _command(text: str, below: list[str]) -> tuple[str, list[str]]:
    """A command with the text that it reads, and the lines after that."""
    if not (inline := _INLINE.search(text)):
        return text, below
    end = below.index(inline[1]) + 1
    return "\n".join([text, *below[:end]]), below[end:]
