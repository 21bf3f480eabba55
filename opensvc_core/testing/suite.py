"""What all suites of promises have: a case, and a bench made of it for each test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from opensvc_core.instance.node import Node
from opensvc_core.testing.bench import Bench, Case


class Trial:
    """What is tried of a driver: promises, a test each.

    Parameters:
        does_not_apply: promises that mean nothing for the driver, by the names of their tests, each with the reason: they are left out.
        driver: the id that it is about, where a module has the suites of several: the others are not run for it. Empty: any.
    """

    does_not_apply: ClassVar[Mapping[str, str]] = {}
    driver: ClassVar[str] = ""

    def lacks(self) -> str:
        """What this host lacks for it, with the remedy; nothing is tried then. Empty: nothing."""
        return ""

    @pytest.fixture(autouse=True)
    def _host(self) -> None:
        if lacking := self.lacks():
            pytest.skip(lacking)


class Suite(Trial):
    """The promises of a driver of resources."""

    def case(self, folder: Path) -> Case:
        """The case of the driver under test; `folder` is an empty folder for what it makes.

        It is asked for a second time where two services are there at once: what it names on the host is another thing each time.
        """
        raise NotImplementedError("a conformance suite needs its case: def case(self, folder) -> Case")

    @pytest.fixture
    def bench(self, node_below: Node, tmp_path: Path) -> Bench:
        """A service of the case, made anew for each test."""
        return self.fresh(node_below, tmp_path)

    def fresh(self, node: Node, tmp_path: Path, name: str = "conformance") -> Bench:
        """A service of the case, with an empty folder of its own."""
        folder = tmp_path / f"host.{name}"
        folder.mkdir()
        made = Bench(node, self.case(folder), folder, name=name)
        if problem := made.host_problem():
            pytest.skip(problem)
        return made
