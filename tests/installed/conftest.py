"""What the tests of installed distributions share: wheels, and environments that get some of them."""

import pytest

pytest.register_assert_rewrite("alone", "environments", "lives")

from environments import Shelf  # noqa: E402 - its assertions are to speak, too
from wheels import FOLDERS, build  # noqa: E402


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """A folder with the wheel of each distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    build(folder, FOLDERS)
    return folder


@pytest.fixture(scope="session")
def shelf(wheels, tmp_path_factory):
    return Shelf(tmp_path_factory.mktemp("shelf"), sorted(wheels.glob("*.whl")))


@pytest.fixture
def having(shelf, root, tmp_path):
    """A node whose commands are those of an environment with these distributions: `having("opensvc-driver-ip")`."""

    def furnished(*wanted):
        root.programs = shelf.furnish(tmp_path / "environment", *wanted)
        return root

    return furnished
