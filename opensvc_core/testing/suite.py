"""What all suites of promises have: a case, and a bench made of it for each test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from opensvc_core.instance.node import Node
from opensvc_core.testing.bench import Bench, Case


class Suite:
    """A suite of promises.

    `does_not_apply` names promises that mean nothing for the driver, each with the reason: they are left out.
    """

    does_not_apply: ClassVar[Mapping[str, str]] = {}

    def case(self, folder: Path) -> Case:
        """The case of the driver under test; `folder` is an empty folder for what it makes."""
        raise NotImplementedError("a conformance suite needs its case: def case(self, folder) -> Case")

    @pytest.fixture
    def bench(self, node_below: Node, tmp_path: Path) -> Bench:
        """A service of the case, made anew for each test."""
        return self.fresh(node_below, tmp_path)

    def fresh(self, node: Node, tmp_path: Path, name: str = "conformance") -> Bench:
        """A service of the case, with an empty folder of its own."""
        folder = tmp_path / f"host.{name}"
        folder.mkdir()
        return Bench(node, self.case(folder), folder, name=name)
