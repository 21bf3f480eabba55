"""Parameters of an agent as keywords of a section."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from opensvc_core.api import Declares, Keyword, ResourceKeywords, text
from opensvc_driver_ocf.metadata import Parameter

# Before the name of a parameter that is the name of a keyword as well.
PREFIX: Final = "ocf_"


def keyword(name: str, parameter: Parameter) -> Keyword[Any]:
    """The keyword for a parameter of an agent."""
    about = f"{parameter.text or 'A parameter of the agent'}.".replace("..", ".")
    told = about if parameter.default in (None, "") else f"{about} The agent's default: `{parameter.default}`."
    convert: Callable[[str], str] = _integer if parameter.kind == "integer" else text
    if parameter.required and not parameter.default:
        return Keyword(convert, required=True, name=name, scopable=True, inherit="", text=told)
    return Keyword(convert, name=name, scopable=True, inherit="", text=told)


def word_of(parameter: str, cls: type[Declares]) -> str:
    """The word of a section for a parameter: its name, where that is not a keyword already."""
    taken = {*ResourceKeywords.keywords(), *ResourceKeywords.aliases(), *cls.keywords()}
    return f"{PREFIX}{parameter}" if parameter in taken else parameter


def _integer(value: str) -> str:
    """A whole number, as the agent is to have it."""
    if not value.strip().lstrip("-").isdigit():
        raise ValueError(f"{value!r} is no whole number")
    return value.strip()
