"""What this repository's distributions bring: drivers, commands, modules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from opensvc_core import errors
from opensvc_core.model.commandline import Verb
from opensvc_core.registry import DRIVERS, PLUGINS, REFERENCES, Driver, Registry
from opensvc_core.system.entrypoints import scan

DOCS: Final = Path(__file__).resolve().parents[1]
HOMES: Final = ("plugins", "drivers_linux", "drivers_docker")


class NotInstalled(Exception):
    """A plugin of this repository can't be described, because it can't be imported."""


def drivers() -> list[tuple[list[str], type[Driver], Path]]:
    """The drivers of this repository by id: the names of their entry points, the class, the folder. Raises NotInstalled."""
    homes = _homes()
    points = tuple(point for point in scan((DRIVERS,)) if point.distribution in homes)
    registry = Registry({}, entry_points=points)
    found: dict[type[Driver], tuple[list[str], Path]] = {}
    for name, folder in _declared(homes):
        try:
            found.setdefault(registry.declared(name), ([], folder))[0].append(name)
        except errors.DriverUnavailable as error:
            raise NotInstalled(f"{folder.name}: {error} ('make venv' installs it)") from error
    return [(names, cls, folder) for cls, (names, folder) in sorted(found.items(), key=lambda entry: entry[0].id)]


def _homes() -> dict[str, Path]:
    """The pyproject.toml of each distribution of this repository."""
    return {tomllib.loads(file.read_text("utf-8"))["project"]["name"]: file for home in HOMES for file in _projects(home)}


def _projects(home: str) -> list[Path]:
    return sorted((DOCS.parent / home).glob("*/pyproject.toml"))


def _declared(homes: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for file in homes.values():
        groups = tomllib.loads(file.read_text("utf-8"))["project"].get("entry-points", {})
        for name in groups.get(DRIVERS, {}):
            yield name, file.parent


def plugin_commands() -> list[tuple[Verb, str]]:
    """The commands that plugins of this repository bring, each with a link to its plugin. Raises NotInstalled."""
    links = {name: f"[{name}](../../{file.parent.relative_to(DOCS.parent)}/README.md)" for name, file in _homes().items()}
    return [(verb, links[owner]) for verb, owner in _plugin_commands()]


def _plugin_commands() -> list[tuple[Verb, str]]:
    """The same, each with its distribution."""
    homes, found = _homes(), []
    for point in sorted({point.module: point for point in scan((PLUGINS,)) if point.distribution in homes}.values()):
        # what plugins are told of a node where nothing is configured
        registry = Registry({"nodename": "n1", "paths": {}, "node_config": dict}, entry_points=(point,))
        found += [(verb, point.distribution) for verb in registry.commands()]
        if why := registry.failures().get(point.module):
            raise NotInstalled(f"{point.distribution}: {why} ('make venv' installs it)")
    return found


def bundled() -> str:
    """A line for each thing that a distribution brings: the distribution, the kind, the name. Raises NotInstalled."""
    groups = {DRIVERS: "driver", REFERENCES: "reference"}
    found = {(point.distribution, groups[point.group], point.name.lower()) for point in scan(groups) if point.distribution in _homes()}
    for verb, owner in _plugin_commands():
        found |= {(owner, "command", name) for name in (verb.name, *map(" ".join, verb.aliases))}
    return "".join(f"{' '.join(words)}\n" for words in sorted(found))


def module(name: str) -> Any:
    """A module of a plugin of this repository. Raises NotInstalled."""
    try:
        return import_module(name)
    except ImportError as error:
        raise NotInstalled(f"{name}: {error}; 'make venv' installs it") from error
