"""Block devices for the tests of volume groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from opensvc_linux.testing import Ground, ground_in


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """Loop devices of one test, gone at its end."""
    yield from ground_in(tmp_path)
