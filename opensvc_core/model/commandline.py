"""Nouns of the command line: an option, a verb. The core's commands and those of plugins are declared with them.

Named tuples rather than dataclasses here and in the rooms that every command imports: a dataclass takes five times as
long to define.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

# On what a verb works: selected services, this node, the cluster's configuration, or nothing in particular.
Scope = Literal["service", "node", "cluster", "global"]
Words = tuple[str, ...]


class Option(NamedTuple):
    """An option that verbs take.

    Parameters:
        name: the field of `Arguments` that receives it; a plugin's own option arrives in `Arguments.more`.
        flags: how it is spelled, the one for messages first.
        help: one line.
        metavar: what stands for its value in help; empty: a switch.
        convert: text to value; raises ValueError with what the value has to be.
        is_repeatable: it may be given again, and its value is a tuple.
        aliases: older spellings, accepted and not shown.
        choices: the values allowed; empty: any.
        complete: what a shell offers as its value.
    """

    name: str
    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    convert: Callable[[str], object] = str
    is_repeatable: bool = False
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    complete: Literal["", "keyword", "rid", "service"] = ""

    @property
    def is_switch(self) -> bool:
        """It takes no value."""
        return not self.metavar

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way to write it."""
        return self.flags + self.aliases


class Verb(NamedTuple):
    """A command.

    Parameters:
        words: how it is written, `("print", "status")`; `print_status` is understood as well.
        module: the dotted name of the module whose `run(session, arguments) -> int` does it.
        help: one line.
        options: what it takes; any other option is refused.
        scopes: on what it works.
        positionals: names of further words; `[NAME]` may be left out, `NAME...` stands for any number.
        aliases: older spellings, accepted and not shown, each with the options that it stands for.
        needs_selector: of service verbs: it works on existing services that the command line names.
        passes_on: what follows its words is for another program: no option in it is read, all of it arrives as `positionals`.
    """

    words: Words
    module: str
    help: str
    options: tuple[Option, ...] = ()
    scopes: tuple[Scope, ...] = ("service",)
    positionals: tuple[str, ...] = ()
    aliases: Mapping[Words, Mapping[str, object]] = MappingProxyType({})
    needs_selector: bool = True
    passes_on: bool = False

    @property
    def name(self) -> str:
        """Its words as one text: `print status`."""
        return " ".join(self.words)
