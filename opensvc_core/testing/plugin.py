"""The pytest plugin: a node below a folder, and the suite's assertions explained. It imports nothing of the agent until asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from opensvc_core.instance.node import Node

pytest.register_assert_rewrite(
    "opensvc_core.testing.bench",
    "opensvc_core.testing.conformance",
    "opensvc_core.testing.hearing",
    "opensvc_core.testing.judging",
    "opensvc_core.testing.links",
    "opensvc_core.testing.syncing",
    "opensvc_core.testing.tasks",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the promises that a conformance class says don't apply to its driver."""
    items[:] = [
        item for item in items if getattr(item, "originalname", "") not in getattr(getattr(item, "cls", None), "does_not_apply", ())
    ]


@pytest.fixture
def node_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node below `tmp_path / "root"` with the installed drivers, for the test alone.

    The environment names it too (OSVC_ROOT_PATH, OSVC_NODENAME), so that commands which the test runs act on the same
    node. However the test ends, its services are stopped, and their processes and control groups are ended.
    """
    from opensvc_core.testing.nodes import end_all, make_node  # noqa: PLC0415 - pytest loads this plugin for every project

    node = make_node(tmp_path / "root")
    monkeypatch.setenv("OSVC_ROOT_PATH", str(tmp_path / "root"))
    monkeypatch.setenv("OSVC_NODENAME", node.name)
    try:
        yield node
    finally:
        end_all(node)
