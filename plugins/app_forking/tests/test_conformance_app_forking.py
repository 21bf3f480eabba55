"""The driver app.forking keeps what every driver promises."""

from opensvc_driver_app_forking.testing import Promises


class TestConformance(Promises):
    pass
