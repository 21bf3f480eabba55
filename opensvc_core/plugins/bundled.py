"""Bundled: the distributions that belong to this one, read from its own metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

CORE: Final = "opensvc-core"


def bundled() -> frozenset[str]:
    """The distributions that extras of this one bring."""
    return frozenset(project for project, _ in _extras())


def bundled_in(name: str) -> str:
    """The extra of this distribution that brings a driver, or an empty text."""
    group, _, kind = name.partition(".")
    projects = {f"opensvc-driver-{group}-{kind}", f"opensvc-driver-{kind}", f"opensvc-driver-{group}"}
    extras = [extra for project, extra in _extras() if project in projects]
    return min(extras, key=lambda extra: extra == "all", default="")


def _extras() -> Iterator[tuple[str, str]]:
    """Each distribution that an extra brings, with the extra."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 - 40 ms, paid by an error only

    try:
        wanted = requires(CORE) or []
    except PackageNotFoundError:
        return
    for requirement in wanted:
        project, _, marker = requirement.partition(";")
        if "extra ==" in marker:
            yield project.strip(), marker.split("extra ==")[1].strip(" '\"")
