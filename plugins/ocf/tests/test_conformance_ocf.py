"""The driver app.ocf keeps what every driver promises."""

from opensvc_driver_ocf.testing import Promises


class TestConformance(Promises):
    """The suite."""
