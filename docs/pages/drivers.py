"""The page of drivers."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Sequence
from pathlib import Path

from opensvc_core.cli.verbs import drivers as drivers_verb
from opensvc_core.registry import Driver
from pages.installed import DOCS, drivers
from pages.keywords import keyword_table
from pages.text import page


def drivers_page() -> str:
    """Every driver of this repository."""
    intro = (
        "The drivers of this repository; `om drivers` lists those that are installed, `om keywords DRIVER` their keywords. What any\n"
        "resource may say beside these is in [keywords](keywords.md#any-resource)."
    )
    return page("Drivers", intro, *(_driver(names, cls, folder) for names, cls, folder in drivers()))


def _driver(names: Sequence[str], cls: type[Driver], folder: Path) -> str:
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    abilities = [capability.__name__ for capability in drivers_verb.CAPABILITIES if issubclass(cls, capability)]
    older = sorted({*(name for name in names if name != cls.id), *cls.older_sections})
    facts = [
        f"- distribution: [{project}](../../{folder.relative_to(DOCS.parent)}/README.md)",
        f"- section: `[{cls.id.partition('.')[0]}#NAME]` with `type = {cls.id.partition('.')[2]}`"
        + "".join(f"; without a type: `[{name}#NAME]`" for name in older),
        f"- can: {', '.join(abilities) or 'tell its status'}",
    ]
    own = keyword_table(cls, link="keywords.md") if cls.keywords() else "It has no keywords of its own."
    return f"## {cls.id}\n\n{inspect.getdoc(cls)}\n\n{chr(10).join(facts)}\n\n{own}"
