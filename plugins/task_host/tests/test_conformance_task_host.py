"""The driver task.host keeps what every driver of tasks promises."""

from opensvc_driver_task_host.testing import Promises


class TestConformance(Promises):
    pass
