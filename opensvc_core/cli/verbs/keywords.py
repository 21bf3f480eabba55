"""keywords DRIVER: what a section of this driver may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.config.converters import print_value
from opensvc_core.config.findings import did_you_mean
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.vocabulary import HOST_SECTIONS, ResourceKeywords, ServiceKeywords, SubsetKeywords
from opensvc_core.errors import DriverUnavailable, NoSuchObject, UsageError

SECTIONS: Final[Mapping[str, type[Declares]]] = {
    "DEFAULT": ServiceKeywords,
    "resource": ResourceKeywords,
    "subset": SubsetKeywords,
    **HOST_SECTIONS,
}


def run(session: Session, arguments: Arguments) -> int:
    """Print each keyword with its default and its sentence.

    Where further keywords depend on the value of one (the agent of app.ocf), `VALUE` is that value, and these are shown too.
    Beside drivers: DEFAULT, resource, subset, and the sections of node.conf and cluster.conf: node, cluster, hb, arbitrator, and so on,
    also those that plugins have there.
    """
    found = _keywords(session, *arguments.positionals)
    if arguments.format == "json":
        session.print_json(keywords=[_facts(keyword) for keyword in found.values()])
        return 0
    for keyword in found.values():
        print(f"{' '.join(filter(None, (keyword.name, flags(keyword))))}\n    {keyword.text}", file=session.stdout)
    return 0


def _keywords(session: Session, name: str, value: str = "") -> Mapping[str, Keyword[Any]]:
    plugins: Mapping[str, type[Declares]] = {} if name in SECTIONS or "." in name else session.node.registry.sections()
    if (section := SECTIONS.get(name) or plugins.get(name)) and not value:
        return section.keywords()
    try:
        cls = session.node.registry.declared(name)
        if not value:
            return cls.keywords()
        if not cls.variant_by:
            raise UsageError(f"the keywords of {name} are the same whatever its section says: leave out {value}")
        cls.keywords()[cls.variant_by].convert(value)
        return cls.variant(value).keywords()
    except ValueError as error:
        raise UsageError(str(error)) from None
    except DriverUnavailable as error:
        hint = did_you_mean(name, [*SECTIONS, *plugins])
        raise NoSuchObject(f"{error}" + (f"; {hint}" if hint else "")) from error


def flags(keyword: Keyword[Any]) -> str:
    """What is to be known of a keyword beside its text, in brackets."""
    found = (
        ["required"] if keyword.required else [f"default {print_value(keyword.default) or 'empty'}"] if keyword.default is not None else []
    )
    found += ["scopable"] if keyword.scopable else []
    found += [f"one of {', '.join(keyword.candidates)}"] if keyword.candidates else []
    found += [f"older words {', '.join(keyword.aliases)}"] if keyword.aliases else []
    return f"({'; '.join(found)})" if found else ""


def _facts(keyword: Keyword[Any]) -> dict[str, Any]:
    return {
        "name": keyword.name,
        "text": keyword.text,
        "required": keyword.required,
        "default": None if keyword.default is None else print_value(keyword.default),
        "scopable": keyword.scopable,
        "candidates": list(keyword.candidates),
        "aliases": list(keyword.aliases),
        "example": keyword.example,
    }
