"""The pages that are replayed, and the scripts that do it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tutorial.steps import BOTH, Step, read

HERE: Final = Path(__file__).parents[1]


@dataclass(frozen=True)
class Page:
    """One of them, what it calls its two nodes, and its scripts: for nodes made of namespaces, and for virtual machines."""

    name: str
    title: str
    nodes: tuple[str, str]
    namespaces: tuple[str, ...]
    machines: tuple[str, ...] = ()
    domain: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of its nodes."""
        return tuple(f"{node}{self.domain}" for node in self.nodes)

    def commands(self) -> tuple[Step, ...]:
        """What the page has, in its order."""
        return read(HERE / "pages" / f"{self.name}.page")

    def script(self, name: str) -> tuple[Step, ...]:
        """The steps of one of its scripts."""
        return read(HERE / name)

    def scripts(self) -> tuple[str, ...]:
        """The names of all of them."""
        return (*self.machines, *self.namespaces)

    def where(self, step: Step) -> tuple[str, ...]:
        """The nodes of a step."""
        return self.nodes if step.node == BOTH else (step.node,)


PAGES: Final = (
    Page("000", "Getting started, 2.x", ("demo1", "demo2"), ("000_cluster.steps",), ("000.steps",)),
    Page("001", "Getting started, 1.5", ("sles1", "sles2"), ("001_openha.steps",), ("001.steps",)),
    Page("002", "Getting started, 1.9", ("node1", "node2"), ("002.steps",)),
    Page("003", "Docker high availability", ("deb1", "deb2"), ("003.steps",), domain=".opensvc.com"),
)


def page(script: str) -> Page:
    """The one that a script is of."""
    return next(its for its in PAGES if script in its.scripts())


def adaptations() -> dict[str, str]:
    """Why a step is not its page's, by key."""
    with (HERE / "adaptations.toml").open("rb") as file:
        return tomllib.load(file)
