"""The driver container.docker keeps what every driver promises; here in the host's daemon, in the system tests in its own."""

import pytest
from opensvc_driver_container_docker import testing

# the first of them starts a daemon
pytestmark = pytest.mark.timeout(400)


class TestConformance(testing.Promises):
    """The suite."""
