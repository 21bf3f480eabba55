"""The page of keywords."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from opensvc_core.cli import described
from opensvc_core.cli.described import first_paragraph
from opensvc_core.cli.verbs import keywords as keywords_verb
from opensvc_core.config import converters, vocabulary
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.driver.base import Resource
from pages.installed import drivers, plugin_sections
from pages.text import older_names, page, rows_table

_PRINTERS: Final[dict[Callable[[str], Any], Callable[[Any], str]]] = {
    float: str,
    converters.octal: converters.print_octal,
    converters.size: converters.print_size,
    converters.shell_words: converters.print_shell_words,
    converters.comma_words: converters.print_comma_words,
}


def keywords_page() -> str:
    """What sections may say, whatever their driver."""
    intro = (
        "Keywords that the core knows. Those of each driver are in [drivers](drivers.md), the way in which a value is found in\n"
        "[configuration](configuration.md). `key@node` is allowed where a keyword is *scopable*; *inherited* means that a resource\n"
        "without the keyword has the value of `[DEFAULT]`. `om keywords WORD` prints them as well, with one of the words\n"
        + ", ".join(f"`{word}`" for word in keywords_verb.SECTIONS)
        + ",\n"
        "or that of a plugin's section.\n"
        "What a node is fenced by, `[stonith#NODE]`, is a [driver](drivers.md) too; without a type it is `stonith.command`."
    )
    found = [*described.sections(), *(described.host_section(cls, owner) for _, cls, owner in plugin_sections())]
    blocks = [f"## {one.title}\n\n{keyword_table(one.declares, without=one.without)}" for one in found]
    return page("Keywords", intro, *blocks, _kinds([one.declares for one in found]))


def keyword_table(cls: type[Declares], *, without: type[Declares] = Declares, link: str = "") -> str:
    """The keywords that a class declares beside those of another one; `link` leads to the page that tells the kinds of values."""
    shown = [word for name, word in cls.keywords().items() if name not in without.keywords()]
    inherits = issubclass(cls, vocabulary.ResourceKeywords | Resource)
    return rows_table(("keyword", "value", "default", "", ""), (_keyword_row(word, link, inherits=inherits) for word in shown))


def _keyword_row(word: Keyword[Any], link: str, *, inherits: bool) -> tuple[str, ...]:
    value = ", ".join(f"`{one}`" for one in word.candidates) or f"[{_kind(word)}]({link}#kinds-of-values)"
    default = "required" if word.required else "" if word.default is None else f"`{_default(word)}`" if _default(word) else "empty"
    marks = {"scopable": word.scopable, "inherited": inherits and bool(word.inherit), "for provisioning": word.provisioning}
    notes = [word.text, word.example and f"Example: `{word.example}`.", older_names(word.aliases)]
    return f"`{word.name}`", value, default, ", ".join(mark for mark, holds in marks.items() if holds), " ".join(filter(None, notes))


def _default(word: Keyword[Any]) -> str:
    return _PRINTERS.get(word.convert, converters.print_value)(word.default)


def _kind(word: Keyword[Any]) -> str:
    return str(getattr(word.convert, "__name__", "text")).replace("_", " ")


def _kinds(classes: Sequence[type[Declares]]) -> str:
    used = {word.convert for cls in classes for word in cls.keywords().values()}
    used |= {word.convert for _, cls, _ in drivers() for word in cls.keywords().values()}
    # two drivers may each have a kind of their own under one name
    named = sorted({(str(getattr(convert, "__name__", "")).replace("_", " "), first_paragraph(convert)) for convert in used})
    return "## Kinds of values\n\n" + rows_table(("kind", ""), named)
