"""Fixtures of the tests in virtual machines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from vmlab import Begun, UserMode, VmLab, missing

HERE = Path(__file__).parent
PROMISES = HERE / "test_promises.py"
# the first test boots two guests, and a boot may take long on a loaded machine
SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder more time than the others have; what a machine tries beside all of them is asked for at the end."""
    for item in items:
        if item.path.is_relative_to(HERE) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))
    items.sort(key=lambda item: item.path == PROMISES)


@pytest.fixture(scope="session", autouse=True)
def promises(request: pytest.FixtureRequest) -> Iterator[Begun | None]:
    """The promises of drivers, tried in a machine of their own from the first test of this folder on, where they are asked for."""
    if all(item.path != PROMISES for item in request.session.items) or missing():
        yield None
        return
    with UserMode() as machine:
        files = " ".join(str(path) for path in HERE.glob("*_promises.py") if path != PROMISES)
        line = f"{sys.executable} -m pytest -v --assert=plain -p no:cacheprovider --basetemp=/run/promises --timeout=200 {files}"
        yield machine.begin(line, PROMISES_DEVICE=machine.unit())


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


@pytest.fixture
def alone() -> Iterator[UserMode]:
    """A machine for this test: it has a device-mapper and SCSI, but no neighbour."""
    if reason := missing():
        pytest.skip(reason)
    with UserMode() as machine:
        yield machine
