"""Entry points of the installed distributions, read from their metadata without importing anything.

The format is that of the entry points specification (PyPA): an INI file `entry_points.txt` in each `*.dist-info` (or
`*.egg-info`) directory on the path. `importlib.metadata` reads the same, but its import takes 40 ms, which is
as long as all the rest of a `print status`; it serves where a path entry is no directory (a zip file).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import NamedTuple


class EntryPoint(NamedTuple):
    """A name that a distribution offers in a group; `module` is what to import for it."""

    group: str
    name: str
    module: str
    distribution: str

    def load(self) -> ModuleType:
        """Import the module."""
        return import_module(self.module)


def scan(groups: Iterable[str], path: Iterable[str] | None = None) -> tuple[EntryPoint, ...]:
    """The entry points of these groups; where two distributions of one name are on the path, the first counts."""
    wanted, seen = frozenset(groups), set[str]()
    found: list[EntryPoint] = []
    for folder in dict.fromkeys(sys.path if path is None else path):
        for distribution, text in _metadata(folder or "."):
            if distribution not in seen:
                seen.add(distribution)
                found.extend(parse(text, distribution, wanted))
    return tuple(found)


def parse(text: str, distribution: str, groups: frozenset[str]) -> Iterator[EntryPoint]:
    """Read an `entry_points.txt`."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group in groups and line and line[0] not in "#;" and "=" in line:
            name, _, target = line.partition("=")
            yield EntryPoint(group, name.strip(), target.split("[")[0].partition(":")[0].strip(), distribution)


def _metadata(folder: str) -> Iterator[tuple[str, str]]:
    try:
        entries = sorted(entry.path for entry in os.scandir(folder) if entry.name.endswith((".dist-info", ".egg-info")))
    except NotADirectoryError:
        yield from _from_archive(folder)
        return
    except OSError:
        return
    for path in entries:
        try:
            with open(os.path.join(path, "entry_points.txt"), encoding="utf-8") as file:  # noqa: PTH118, PTH123 - pathlib's import is not free
                text = file.read()
        except OSError:
            text = ""
        yield os.path.basename(path).partition("-")[0].lower().replace("_", "-"), text  # noqa: PTH119


def _from_archive(path: str) -> Iterator[tuple[str, str]]:
    from importlib.metadata import distributions  # noqa: PLC0415 - only for a zip file on the path

    for distribution in distributions(path=[path]):
        yield distribution.metadata["Name"].lower().replace("_", "-"), distribution.read_text("entry_points.txt") or ""
