"""Bundled: what the distributions of this repository bring, whether they are installed or not. `make docs` writes the list from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

CORE: Final = "opensvc-core"
_LIST: Final = Path(__file__).with_name("bundled.txt")


class Bundled(NamedTuple):
    """What a distribution brings. The kind: `driver`, `reference` or `command`; the name: `ip.host`, `file`, `daemon start`."""

    distribution: str
    kind: str
    name: str


def bundled() -> frozenset[str]:
    """The distributions that belong to this one."""
    return frozenset(one.distribution for one in _listed())


def way_in(kind: str, name: str) -> str:
    """How to get what one of them brings; an empty text where none does."""
    return next((_way_in(one) for one in _listed() if (one.kind, one.name) == (kind, name)), "")


def missing_command(typed: Sequence[str], known: Collection[str]) -> str:
    """The command that words mean, alone or behind what it works on, and how to get it; an empty text where none of them brings it."""
    words = " ".join(typed).replace("_", " ")
    meant = (f"{words} ", f"{words.partition(' ')[2]} ")
    missing = [one for one in _listed() if one.kind == "command" and one.name not in known]
    for one in missing:
        if any(text.startswith(f"{one.name} ") for text in meant):
            return f"no installed plugin has the command {one.name!r}; {_way_in(one)}"
    for one in missing:  # `om daemon`: none of its commands is here
        if one.name.startswith(meant[0]) and not any(name.startswith(meant[0]) for name in known):
            return f"no installed plugin has the commands of {words!r}; {_way_in(one)}"
    return ""


def _way_in(one: Bundled) -> str:
    return f"'pip install {one.distribution}' brings it"


@cache
def _listed() -> tuple[Bundled, ...]:
    return tuple(Bundled(*line.split(" ", 2)) for line in _LIST.read_text("utf-8").splitlines())
