"""Fixtures of the tests in virtual machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from vmlab import Hardware, UserMode, VmLab, drives, missing, shared_device
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent
# the first test boots two guests, and a boot may take long on a loaded machine
SECONDS = 300
OF_THE_LAB = ("test_cluster", "test_scsireserv", "test_tutorial", "test_vmlab")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder more time than the others have."""
    for item in items:
        if item.path.is_relative_to(HERE) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))


class Groups(LoadScopeScheduling):
    """What workers take beside each other: tests of the lab, of which there is one, two halves of the promises, what has machines."""

    def _split_scope(self, nodeid: str) -> str:
        name = Path(nodeid.partition("::")[0]).stem
        if name == "test_promises":
            return "volumes" if nodeid.endswith(("[TestVolume]", "[TestMadeGroup]")) else "promises"
        return "lab" if name in OF_THE_LAB else "machines"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    """How the tests are shared out where several workers were asked for."""
    return Groups(config, log)


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
    yield from _machine()


@pytest.fixture(scope="module")
def machine() -> Iterator[UserMode]:
    """Such a machine for all tests of a module, which clean up behind themselves."""
    yield from _machine()


def _machine() -> Iterator[UserMode]:
    if reason := missing():
        pytest.skip(reason)
    with UserMode() as made:
        made.give_way()  # to the lab, of which there is one, and whose nodes wait for each other
        yield made


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[UserMode, UserMode, str]]:
    """Two machines for this test, without a network, and the device that a disk is in both."""
    if reason := missing():
        pytest.skip(reason)
    disk = tmp_path / "disk"
    with disk.open("xb") as file:
        file.truncate(64 << 20)
    hardware = Hardware(drives(None, [disk]))
    with UserMode("v1", hardware) as v1, UserMode("v2", hardware) as v2:
        yield v1, v2, shared_device()
