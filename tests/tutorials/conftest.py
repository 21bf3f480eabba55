"""Fixtures of the tutorials: two nodes made of namespaces, called as a page calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from lab import Lab, missing
from lab.site import Init
from tutorial import Page


@pytest.fixture
def lab_of() -> Iterator[Callable[[Page, Init], Lab]]:
    """Two nodes for a page, of an init system."""
    with ExitStack() as closing:

        def make(page: Page, init: Init) -> Lab:
            if reason := missing(init):
                pytest.skip(reason)
            lab = closing.enter_context(Lab(init=init))
            for node, name in zip(lab.nodes, page.hosts, strict=True):
                node(f"hostname {name}")
            return lab

        yield make
