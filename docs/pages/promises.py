"""The page of what the conformance suites try: every promise, and what a case says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

from opensvc_core.cli.described import first_paragraph
from opensvc_core.testing.bench import Case
from opensvc_core.testing.conformance import Conformance
from opensvc_core.testing.declaration import TestDeclaration
from opensvc_core.testing.links import DataConformance
from opensvc_core.testing.report import looked_at
from opensvc_core.testing.suite import Suite, Trial
from opensvc_core.testing.syncing import SyncCase, SyncConformance
from opensvc_core.testing.tasks import TaskConformance
from opensvc_core.testing.telling import TellingCase, TellingConformance
from pages.text import as_markdown, page, rows_table, signed

_INTRO: Final = """\
`pytest --opensvc-driver ID` tries these promises with an installed driver, on the real host; [how to write a
driver](../how-to/write-a-driver.md#the-conformance-suite) shows how a driver brings its suite. `does_not_apply` of a suite names the
promises that mean nothing for it, each with the reason. A promise that is broken is reported with what was found, and with the methods
and keywords to look at."""
_SUITES: Final = (
    ("What a driver declares", TestDeclaration),
    ("What starts and stops", Conformance),
    ("A task", TaskConformance),
    ("What copies to other nodes", SyncConformance),
    ("What only tells", TellingConformance),
    ("A heartbeat", DataConformance),
)


def promises_page() -> str:
    """Every promise of every suite; then what suites and cases say."""
    suites = (_suite(title, cls) for title, cls in _SUITES)
    return page("Promises of drivers", _INTRO, *suites, "## What a suite says", *map(_class, (Trial, Suite, Case, SyncCase, TellingCase)))


def _suite(title: str, cls: type) -> str:
    rows = [(f"`{name}`", first_paragraph(test), ", ".join(f"`{one}`" for one in looked_at(test))) for name, test in _tests(cls)]
    place = f"`{cls.__module__}.{cls.__name__}`. " if issubclass(cls, Trial) else ""
    return f"## {title}\n\n{place}{first_paragraph(cls)}\n\n{rows_table(('test', 'promise', 'look at'), rows)}"


def _tests(cls: type) -> Iterator[tuple[str, Any]]:
    """The tests of a class with those of its bases, in the order in which they are written."""
    for base in reversed(cls.__mro__):
        yield from ((name, test) for name, test in vars(base).items() if name.startswith("test_"))


def _class(cls: type) -> str:
    public = [(name, method) for name, method in vars(cls).items() if inspect.isfunction(method) and not name.startswith("_")]
    methods = "\n".join(f"- `{signed(name, method, prefix='')}`: {first_paragraph(method)}" for name, method in public)
    return "\n\n".join(part for part in (f"### {cls.__name__}", as_markdown(inspect.cleandoc(cls.__doc__ or "")), methods) if part)
