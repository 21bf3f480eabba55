"""The driver app.simple keeps what every driver promises."""

from opensvc_driver_app_simple.testing import CheckedPromises, Promises


class TestConformance(Promises):
    pass


class TestWithCheckAndStopCommand(CheckedPromises):
    pass
