"""The driver app.launchers keeps what every driver promises."""

from opensvc_driver_app_launchers.testing import Promises


class TestConformance(Promises):
    """The suite."""
