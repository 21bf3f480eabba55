"""The promises of ip.host, in a network of the test's own."""

from types import MappingProxyType

import pytest

from opensvc_core.testing.conformance import Case, Conformance

_BOUNDED = MappingProxyType({"test_time_limit_is_kept": "each of its waits has an end of its own"})


class _Suite(Conformance):
    does_not_apply = _BOUNDED
    text = ""
    removal = ""

    @pytest.fixture
    def bench(self, network, node_below, tmp_path):
        self.network = network
        return self.fresh(node_below, tmp_path)

    def case(self, folder):
        def addresses():
            return self.network.addresses(), self.network.addresses("lo")

        return Case(f"[ip#0]\n{self.text}\n", rid="ip#0", footprint=addresses, remove=lambda _service: self.network.run(self.removal))


class TestVersion4(_Suite):
    text = "ipname = 10.99.0.50\nipdev = eth0"
    removal = "ip addr del 10.99.0.50/24 dev eth0"


class TestLabel(_Suite):
    text = "type = host\nipname = 10.1.0.50\nipdev = lo:5\nnetmask = 255.255.255.255"
    removal = "ip addr del 10.1.0.50/32 dev lo"


class TestVersion6OfTheHostAlone(_Suite):
    text = "ipname = fd01::50\nipdev = lo"
    removal = "ip addr del fd01::50/128 dev lo"
