"""What the cluster's files say: which nodes a service has there, and which programs have to run for it to be cared for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, Self

from opensvc_openha.tree import DEFAULT, Tree

# What the programs of a heartbeat are called, by its type in the file `monitor`.
_SUFFIXES: Final = {"net": "", "unicast": "_unicast", "disk": "_raw", "dio": "_dio"}
_FIELDS: Final = 5
_INTERPRETER: Final = "python"


class Entry(NamedTuple):
    """A line of the file `services`: what starts and stops the service, its two nodes, and what is asked before a start."""

    name: str
    script: str
    primary: str
    secondary: str
    check: str

    @classmethod
    def find(cls, text: str, name: str) -> Self | None:
        """The line of a service, the first one where there are two; None where it has none with all of its fields."""
        lines = (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))
        return next((cls(*words[:_FIELDS]) for words in lines if len(words) >= _FIELDS and words[0] == name), None)

    def nodes(self, here: str) -> tuple[str, str] | None:
        """This node and the other one, as the cluster spells them; None where the service is not for this node."""
        both = (self.primary, self.secondary)
        own = [node for node in both if node.lower() == here.lower()]
        return (own[0], both[1 - both.index(own[0])]) if len(own) == 1 else None


def tree_of(environment: Mapping[str, str], exists: Callable[[Path], bool] = Path.exists) -> Tree:
    """The cluster's tree on this host.

    The one that the variables EZ and EZ_… name; else that of the later layout, where it has been configured and /usr/local/cluster has
    not; else /usr/local/cluster.
    """
    usual, later = Tree.of(environment, DEFAULT), Tree.by_hierarchy()
    is_named = any(name == "EZ" or name.startswith("EZ_") for name in environment)
    return usual if is_named or exists(usual.monitor) or not exists(later.monitor) else later


def programs(monitor: str, node: str) -> list[tuple[str, ...]]:
    """The programs that have to run on a node, each with its arguments: one for each heartbeat, and the one that decides.

    Options (`key=/etc/openha.key`) and comments at the end of a line are no arguments.
    """
    found: list[tuple[str, ...]] = []
    for line in monitor.splitlines():
        words = [word for word in line.partition("#")[0].split() if "=" not in word]
        if len(words) < _FIELDS - 1 or words[1] not in _SUFFIXES:
            continue
        suffix, arguments = _SUFFIXES[words[1]], words[2:]
        is_sender = words[0].lower() == node.lower()
        found.append((f"heartd{suffix}", *arguments[:-1]) if is_sender else (f"heartc{suffix}", *arguments))
    return [*found, ("nmond",)]


def lacking(wanted: Iterable[tuple[str, ...]], processes: str, folder: Path) -> list[str]:
    """Which of the programs don't run: `processes` has a command line in each line, as ps(1) prints `args`."""
    running = {command for line in processes.splitlines() if (command := _program(line.split(), folder))}
    return [" ".join(one) for one in wanted if one not in running]


def _program(words: list[str], folder: Path) -> tuple[str, ...]:
    """The program of the cluster that a process runs, with its arguments; empty for any other. Its level of logging is no argument."""
    while words and os.path.basename(words[0]).startswith(_INTERPRETER):  # noqa: PTH119 - words, not paths
        words = words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
    if not words:
        return ()
    place, _, name = words[0].rpartition("/")
    if place.startswith("/") and os.path.realpath(place) != os.path.realpath(folder):
        return ()  # of another tree
    return (name,) if name == "nmond" else (name, *words[1:])
