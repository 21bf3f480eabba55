"""The promises of ip.host, in a network of the test's own."""

from opensvc_driver_ip.testing import LabelPromises, Version4Promises, Version6Promises


class TestVersion4(Version4Promises):
    """The suite."""


class TestLabel(LabelPromises):
    """The suite."""


class TestVersion6OfTheHostAlone(Version6Promises):
    """The suite."""
