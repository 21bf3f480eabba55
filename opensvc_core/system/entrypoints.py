"""Entry points of the installed distributions, read from their metadata without importing anything.

The format is that of the entry points specification (PyPA): an INI file `entry_points.txt` in each `*.dist-info` (or
`*.egg-info`) directory on the path. `importlib.metadata` reads the same, but its import takes 40 ms, which is
as long as all the rest of a `print status`; it serves where a path entry is no directory (a zip file).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Final, NamedTuple

_REQUIREMENT: Final = re.compile(r"Requires-Dist:\s*(?P<project>[\w.-]+)\s*(\[[^]]*\])?(?P<wanted>[^;]*)(?P<marker>.*)")
_NUMBERS: Final = re.compile(r"[\d.]*")


class About(NamedTuple):
    """What its metadata tells of a distribution: its name, its version, the folder where that stands."""

    distribution: str
    version: str
    metadata: str


class EntryPoint(NamedTuple):
    """A name that a distribution offers in a group; `module` is what to import for it, `metadata` the folder that says so."""

    group: str
    name: str
    module: str
    distribution: str
    version: str = ""
    metadata: str = ""

    @property
    def owner(self) -> str:
        """The distribution with its version, as messages name it."""
        return f"{self.distribution} {self.version}".strip()

    def load(self) -> ModuleType:
        """Import the module."""
        return import_module(self.module)


def scan(groups: Iterable[str], path: Iterable[str] | None = None) -> tuple[EntryPoint, ...]:
    """The entry points of these groups; where two distributions of one name are on the path, the first counts."""
    wanted, seen = frozenset(groups), set[str]()
    found: list[EntryPoint] = []
    for folder in dict.fromkeys(sys.path if path is None else path):
        for about, text in _metadata(folder or "."):
            if about.distribution not in seen:
                seen.add(about.distribution)
                found.extend(parse(text, about, wanted))
    return tuple(found)


def parse(text: str, about: About, groups: frozenset[str]) -> Iterator[EntryPoint]:
    """Read the `entry_points.txt` of a distribution."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group in groups and line and line[0] not in "#;" and "=" in line:
            name, _, target = line.partition("=")
            yield EntryPoint(group, name.strip(), target.split("[")[0].partition(":")[0].strip(), *about)


def needs_newer(metadata: str, project: str, version: str) -> str:
    """What a distribution wants of a project where that is newer than `version`, as its metadata has it; else an empty text.

    Read are `Requires-Dist` lines (core metadata specification, PyPA). Only lower bounds count: who was made for an older version runs
    for as long as that version's promise holds, and pip minds the rest.
    """
    for line in _headers(metadata):
        found = _REQUIREMENT.match(line)
        if found and _canonical(found["project"]) == project and "extra" not in found["marker"]:
            wanted = found["wanted"].strip(" ()\n")
            if any(_is_above(bound.strip(), _release(version)) for bound in wanted.split(",")):
                return f"{project}{wanted}"
    return ""


def _headers(folder: str) -> Iterator[str]:
    """The lines above the description; of a distribution in a zip file, or one that is being replaced, none."""
    if not folder:
        return
    try:
        with open(os.path.join(folder, "METADATA"), encoding="utf-8", errors="replace") as file:  # noqa: PTH118, PTH123 - as below
            for line in file:
                if not line.strip():
                    return
                yield line
    except OSError:
        return


def _is_above(bound: str, release: tuple[int, ...]) -> bool:
    """Whether a bound of a version (`>=3.1`, `~=3.1`, `==3.1.*`) excludes a release because that is too old."""
    operator = bound[:3] if bound.startswith("===") else bound[:2] if bound[1:2] == "=" else bound[:1]
    wanted = _release(bound[len(operator) :])
    if operator == ">":
        return release <= wanted
    return operator in (">=", "~=", "==", "===") and release < wanted


def _release(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with, without zeros at the end."""
    numbers = [int(number) for number in _NUMBERS.match(version.strip())[0].split(".") if number]  # type: ignore[index] # it always matches
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _metadata(folder: str) -> Iterator[tuple[About, str]]:
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
        name, _, version = os.path.basename(path).rpartition(".")[0].partition("-")  # noqa: PTH119
        # egg-info may have the version of Python behind its own
        yield About(_canonical(name), version.partition("-")[0], path), text


def _from_archive(path: str) -> Iterator[tuple[About, str]]:
    from importlib.metadata import distributions  # noqa: PLC0415 - only for a zip file on the path

    for distribution in distributions(path=[path]):
        about = About(_canonical(distribution.metadata["Name"]), distribution.version, "")
        yield about, distribution.read_text("entry_points.txt") or ""
