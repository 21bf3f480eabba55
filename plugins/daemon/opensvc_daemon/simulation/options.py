"""The options of `om simulate`."""

from __future__ import annotations

from opensvc_core.api import Option


def number(text: str) -> int:
    """A whole number from zero. Raises ValueError with what it has to be."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a whole number, such as 7")
    return int(text)


def count(text: str) -> int:
    """A whole number from one. Raises ValueError with what it has to be."""
    if not number(text):
        raise ValueError("1 or more, such as 100")
    return int(text)


OPTIONS = (
    Option("seed", ("--seed",), "The number that all chance comes from; another one, other faults.", "NUMBER", number),
    Option("seeds", ("--seeds",), "So many stories, from --seed on; only what goes wrong is shown.", "COUNT", count),
    Option("faults", ("--faults",), "How many faults, or of which kinds: crash,cut,pause (`help` lists them).", "FAULTS"),
    Option("story", ("--story",), "What happens, from a file, instead of faults by chance.", "FILE"),
    Option("shows_story", ("--print-story",), "Print the story instead of telling it."),
)
