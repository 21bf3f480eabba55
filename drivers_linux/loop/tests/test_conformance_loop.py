"""The promises of every driver, for disk.loop."""

from opensvc_driver_loop.testing import OlderPromises, Promises


class TestConformance(Promises):
    """The suite."""


class TestOlderSection(OlderPromises):
    """The suite."""
