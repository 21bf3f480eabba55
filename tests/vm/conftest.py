"""Fixtures of the tests in virtual machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from vmlab import VmLab, missing

HERE = Path(__file__).parent
# the first test boots two guests, and a boot may take long on a loaded machine
SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder more time than the others have."""
    for item in items:
        if item.path.is_relative_to(HERE) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def vms_of_session() -> Iterator[VmLab]:
    """The guests, booted for the first test that wants them."""
    if reason := missing():
        pytest.skip(reason)
    with VmLab() as lab:
        yield lab


@pytest.fixture
def vms(vms_of_session: VmLab) -> Iterator[VmLab]:
    """Guests v1 and v2, as if just booted for this test."""
    yield vms_of_session
    vms_of_session.clean()


@pytest.fixture(scope="module")
def module_vms(vms_of_session: VmLab) -> Iterator[VmLab]:
    """The guests for all tests of a module, which clean up behind themselves."""
    yield vms_of_session
    vms_of_session.clean()
