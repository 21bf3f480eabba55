"""What this repository's distributions bring: drivers, commands, modules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from opensvc_core import errors
from opensvc_core.config.keywords import Declares
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


def plugin_sections() -> list[tuple[str, type[Declares], str]]:
    """The sections of node.conf and cluster.conf that they have, each with its class and its distribution. Raises NotInstalled."""
    return [(word, cls, owner) for owner, registry in _hooked() for word, cls in registry.sections().items()]


def _plugin_commands() -> list[tuple[Verb, str]]:
    """The same, each with its distribution."""
    return [(verb, owner) for owner, registry in _hooked() for verb in registry.commands()]


def _hooked() -> Iterator[tuple[str, Registry]]:
    """Each plugin with hooks by its distribution, in a registry of its own, as on a node where nothing is configured."""
    homes = _homes()
    for point in sorted({point.module: point for point in scan((PLUGINS,)) if point.distribution in homes}.values()):
        settings = {"nodename": "n1", "paths": {}, "node_config": dict, "node_sections": lambda _word, _kind: {}}
        registry = Registry(settings, entry_points=(point,))
        yield point.distribution, registry
        if why := registry.failures().get(point.module):
            raise NotInstalled(f"{point.distribution}: {why} ('make venv' installs it)")


def bundled() -> str:
    """A line for each thing that a distribution brings: the distribution, the kind, the name. Raises NotInstalled."""
    groups, homes = {DRIVERS: "driver", REFERENCES: "reference"}, _homes()
    found = {(point.distribution, groups[point.group], point.name.lower()) for point in scan(groups) if point.distribution in homes}
    found |= {(owner, "section", word) for word, _, owner in plugin_sections()}
    for verb, owner in _plugin_commands():
        found |= {(owner, "command", name) for name in (verb.name, *map(" ".join, verb.aliases))}
    return "".join(f"{' '.join(words)}\n" for words in sorted(found))


def module(name: str) -> Any:
    """A module of a plugin of this repository. Raises NotInstalled."""
    try:
        return import_module(name)
    except ImportError as error:
        raise NotInstalled(f"{name}: {error}; 'make venv' installs it") from error
