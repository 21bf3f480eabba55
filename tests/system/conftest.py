"""Fixtures of the system tests: nodes made of namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cluster import Cluster, started
from cluster.services import Trial
from lab import Lab, missing


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest the marker."""
    config.addinivalue_line("markers", "lab(nodes=2, init='sleep'): how many nodes the fixture lab has, and their process 1")


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Nodes n1, n2, … for one test."""
    yield from _lab(request)


@pytest.fixture(scope="module")
def module_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Nodes for all tests of a module, which clean up behind themselves; `pytestmark` may say how many."""
    yield from _lab(request)


@pytest.fixture(scope="module")
def trial(request: pytest.FixtureRequest) -> Trial:
    """The service with which a module tries a cluster: its TRIAL."""
    found: Trial = getattr(request.module, "TRIAL", Trial())
    return found


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, module_lab: Lab, trial: Trial) -> Cluster:
    """All nodes of the module's lab as members of one cluster, with that service up on the first: CLUSTER of the module says how."""
    return started(module_lab, trial, **getattr(request.module, "CLUSTER", {}))


def _lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    marker = request.node.get_closest_marker("lab")
    nodes, wanted = (marker.args, marker.kwargs) if marker else ((), dict[str, Any]())
    if reason := missing(wanted.get("init", "sleep")):
        pytest.skip(reason)
    with Lab(*nodes, **wanted) as made:
        yield made
