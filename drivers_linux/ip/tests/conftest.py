"""A network of the test's own: its thread is moved into a new namespace, a neighbour lives in another one. The host's stays as it is."""

import pytest
from opensvc_driver_ip import probe
from opensvc_driver_ip.testing import lacking, network_of_its_own

from opensvc_core.instance.request import Request
from opensvc_core.testing.waiting import wait_for


@pytest.fixture
def network():
    """Two hosts on one wire; the test is the first."""
    if problem := lacking():
        pytest.skip(problem)
    with network_of_its_own() as made:
        yield made


class One:
    """A service with addresses, and what its last action said."""

    def __init__(self, node):
        self.node, self.service, self.events = node, None, []

    def has(self, text, suffix=".conf"):
        file = self.node.paths.etc / f"web{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.service = self.node.service("web")
        return self

    def ip(self, address="10.99.0.50", device="eth0", more="", rid="ip#0"):
        """The section of an address."""
        return f"[{rid}]\nipname = {address}\nipdev = {device}\n{more}\n"

    def do(self, action, **options):
        self.events = []
        noted = self.service.perform(Request(action, **options), self.events.append)
        return [operation.text for operation in noted if operation.is_change]

    def said(self, layout):
        return [line for event in self.events for line in layout.lines(event)]

    def warnings(self):
        return [event.text for event in self.events if event.level.value == "WARNING"]

    def shown(self, rid="ip#0"):
        return next(one for one in self.service.status().local.resources if one.rid == rid)

    def seen(self, rid="ip#0"):
        found = self.shown(rid)
        return found.status, [message.text for message in found.messages]


@pytest.fixture
def one(network, node_below):
    return One(node_below)


@pytest.fixture
def until():
    """Waits until a condition holds."""
    return wait_for


@pytest.fixture
def lasting(monkeypatch):
    """Neighbours are asked for so long that nobody takes it for a start that ends before; in seconds."""
    slow = probe.Pace(5, 10.0, 10.0)
    monkeypatch.setattr(probe, "THOROUGH", slow)
    return slow.seconds
